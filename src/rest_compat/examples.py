"""Sample values of the OpenAPI document, by the name of a model or the id of an operation."""

from collections.abc import Mapping
from typing import Any

SIMULATION_ID = "f3c88e1a-2d04-4a6b-9c12-7e8f5d6a4b3c"
ACCOUNT_ID = "0d9b6f34-5c1e-4b7a-8f2d-3a6c9e1b7d48"
ORDER_ID = "a7e2c9d1-3b85-4f60-9a4d-2c1f8e7b6d50"

VERTICAL = [
    {"instrument": "SPXW  250115C05950000", "quantity": "1", "action": "buy to open"},
    {"instrument": "SPXW  250115C05970000", "quantity": "1", "action": "sell to open"},
]

SOURCE_HASH = "5d0b4ab6a2d3f5f0c2a8f6b2c0b56b5c0d7de1f3a2c84f0cf8e1b3d29a7f6e41"
CONFIG = {
    "legs": [
        {"direction": "sell", "type": "put", "qty": 1, "strike": {"method": "delta", "value": 0.3}},
        {"direction": "buy", "type": "put", "qty": 1, "strike": {"method": "delta", "value": 0.2}},
    ],
    "entry": {"times": ["10:00"]},
    "exit": {"profit_target_pct": 50, "time": "15:55"},
}

TRANSACTION = {
    "id": "5b0f0c4e-8a55-5c55-9a25-0d4c9b0b8f11",
    "datetime": "2025-01-15T14:35:00Z",
    "instrument": "SPXW  250115C05950000",
    "type": "buy to open",
    "quantity": "1",
    "price": "430",
    "value": "430",
    "effect": "debit",
    "fees": "1.72",
}

EXAMPLES: Mapping[str, Any] = {
    "EmailBody": {"email": "trader@example.com"},
    "Registration": {
        "email": "trader@example.com",
        "password": "correct-horse-battery",
        "verification_code": "482913",
    },
    "Login": {"email": "trader@example.com", "password": "correct-horse-battery"},
    "NewSimulation": {
        "date": "2025-01-15",
        "starting_capital": 100000,
        "description": "Iron condor day",
    },
    "NewLiveSession": {"starting_capital": "100000", "description": "my live session"},
    "NewAccount": {
        "name": "Iron condors",
        "engine": "historical",
        "starting_capital": 100000,
        "description": "Defined-risk study account",
    },
    "AccountChange": {"name": "Condors — 2025"},
    "Account": {
        "id": ACCOUNT_ID,
        "name": "Iron condors",
        "description": "Defined-risk study account",
        "engine": "historical",
        "type": "manual",
        "starting_capital": "100000",
        "cash_balance": "100273.12",
        "current_value": "100273.12",
        "status": "active",
        "created_at": "2026-06-21T12:00:00Z",
    },
    "NewSession": {"date": "2025-01-15"},
    "NewPreview": {"config": CONFIG, "abandon_hash": SOURCE_HASH},
    "NewStrategy": {"config": CONFIG, "privacy": "public"},
    "StrategyChange": {"description": "my spread", "privacy": "public"},
    "Abandoned": {"source_hash": SOURCE_HASH},
    "DayRow": {
        "date": "2025-01-15",
        "status": "completed",
        "gross_pnl": "75",
        "fees": "4.88",
        "slippage": "0",
        "net_pnl": "70.12",
        "opening_orders": 1,
        "closing_orders": 1,
    },
    "ProfileChange": {"slippage": "0.05"},
    "ClockMove": {"time": "2025-01-15T14:35:00Z"},
    "NewOrder": {
        "type": "limit",
        "price": "10.50",
        "price_effect": "debit",
        "legs": VERTICAL,
    },
    "OrderReplacement": {
        "order_id": ORDER_ID,
        "type": "limit",
        "price": "10.55",
        "price_effect": "debit",
        "legs": VERTICAL,
    },
    "PlacedOrder": {
        "id": ORDER_ID,
        "datetime": "2025-01-15T14:35:00Z",
        "underlying": "SPX",
        "type": "limit",
        "price": "10.50",
        "price_effect": "debit",
        "fees": "3.44",
        "status": "filled",
        "fill_price": "1.05",
        "fill_price_effect": "debit",
        "execution_price": "10.50",
        "fill_datetime": "2025-01-15T14:35:00Z",
        "slippage": "0.00",
        "legs": VERTICAL,
        "transactions": [
            TRANSACTION,
            {
                **TRANSACTION,
                "id": "8d6b1f2a-41a3-5f0c-8a4e-6c2f7e0d9b22",
                "instrument": "SPXW  250115C05970000",
                "type": "sell to open",
                "price": "325",
                "value": "-325",
                "effect": "credit",
            },
        ],
        "buying-power-effect": {
            "change-in-margin-requirement": "0",
            "change-in-margin-requirement-effect": "None",
            "change-in-buying-power": "108.44",
            "change-in-buying-power-effect": "Debit",
            "current-buying-power": "100000",
            "current-buying-power-effect": "Credit",
            "new-buying-power": "99891.56",
            "new-buying-power-effect": "Credit",
            "value": "108.44",
            "effect": "Debit",
        },
    },
    "SessionTransaction": {**TRANSACTION, "order_id": ORDER_ID},
    "OpenPosition": {
        "id": "33dffe55-9be0-5b8a-ae07-8c8c6f5d4e2b",
        "instrument": "SPXW  250115C05950000",
        "direction": "long",
        "quantity": "1",
        "cost": "431.72",
        "cost_basis": "430",
        "debit": "430",
        "credit": "0",
        "unrealized_profit_loss": "5",
        "realized_profit_loss": "0",
        "fees": "1.72",
        "total_profit_loss": "3.28",
        "net_liquidity": "435",
        "price": "4.35",
        "delta": "0.523",
    },
    "SeriesRow": {
        "datetime": "2025-01-15T14:35:00Z",
        "datetimeUnix": 1736951700,
        "spx": "5949.57",
        "spx_expected_move": "0.004812",
    },
    "get_average_expected_move": {
        "from": "2025-01-02",
        "to": "2025-01-15",
        "days": 9,
        "synthetic": False,
        "averages": [
            {"time": "09:30:00", "spx_expected_move": None, "days": 0},
            {"time": "09:31:00", "spx_expected_move": "0.005112", "days": 9},
        ],
    },
    "list_market_sessions": {
        "2025-01-15": {
            "start-time": "2025-01-15T14:30:00Z",
            "end-time": "2025-01-15T21:00:00Z",
            "data-start-time": "2025-01-15T14:31:00Z",
            "data-end-time": "2025-01-15T21:00:00Z",
        }
    },
    "list_strikes": [5940, 5945, 5950, 5955],
    "get_chain": {
        "call_5950": {"bid": 4.2, "ask": 4.4, "delta": 0.523},
        "put_5950": {"bid": 3.1, "ask": 3.3, "delta": 0.477},
        "call_5955": None,
        "put_5955": {"bid": 5.4, "ask": 5.6, "delta": 0.561},
    },
    "list_chains": {
        "2025-01-15T14:35:00Z": {
            "call_5950": {"bid": 4.2, "ask": 4.4, "delta": 0.523},
            "put_5950": {"bid": 3.1, "ask": 3.3, "delta": 0.477},
        },
        "2025-01-15T14:36:00Z": {
            "call_5950": {"bid": 4.1, "ask": 4.3, "delta": 0.519},
            "put_5950": None,
        },
    },
}
