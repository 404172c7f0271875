"""The limits that an operator may set. It imports nothing, so that reading settings stays cheap."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits that an operator may set; the defaults are the product's (rulings 6)."""

    token_days: int = 30
    code_minutes: int = 15
    code_failures_max: int = 5
    code_interval_seconds: int = 60
    login_failures_free: int = 5
    idempotency_hours: int = 24
    credits_capacity: int = 10_000
    credits_drain_seconds: int = 86_400
    auth_burst: int = 20
    auth_refill_a_minute: int = 10
    complexity_a_minute: int = 6_000
    body_bytes: int = 256 * 1024
    json_depth: int = 32
    json_values: int = 5_000
    visitor_sockets: int = 20
