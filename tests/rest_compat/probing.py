"""Schemathesis against the whole application on a socket: what it asks, and what it found."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import schemathesis
import uvicorn
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import CheckNode, ScenarioRecorder

from engine.denials import Code
from rest_compat.application import OPERATIONS
from rest_compat.errors import HttpCode
from rest_compat.openapi import openapi_document
from usecases.ports import Ports
from zerodte.asgi import application

ACCEPTANCE = "positive_data_acceptance"
# What no schema states: the steps of amounts, the calendar, and what two values are to each other.
UNSTATED = re.compile(
    "decimal places|out of range|multiple of|at most|of the calendar|of start|before start|day to open"
)
MALFORMED = {Code.INVALID_INPUT, HttpCode.UNSUPPORTED_MEDIA_TYPE, HttpCode.BODY_TOO_LARGE}


@dataclass(slots=True)
class Findings:
    """What a run met: its failures, the checks it made, and the operations it asked."""

    failures: dict[str, str] = field(default_factory=dict)
    checks: set[str] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)

    def note(self, event: events.EngineEvent) -> None:
        match event:
            case events.ScenarioFinished():
                self._record(event.recorder)
            case events.NonFatalError():
                self.failures[event.label] = event.info.format()
            case events.FatalError():
                self.failures["engine"] = repr(event.exception)

    def _record(self, scenario: ScenarioRecorder) -> None:
        for case_id, node in scenario.cases.items():
            response = scenario.find_response(case_id=case_id)
            if response is None:
                continue
            label = node.value.operation.label
            self.operations.add(label)
            code = response.headers.get("x-error-code", [""])[0]
            for check in scenario.checks.get(case_id, ()):
                self._judge(label, code, response.text, check)

    def _judge(self, label: str, code: str, message: str, check: CheckNode) -> None:
        """A request that fits its schema may still be denied for what it asks: a price off the tick,
        a code never mailed, a day not recorded. It may not be called malformed."""
        self.checks.add(check.name)
        may_deny = check.name == ACCEPTANCE and (code not in MALFORMED or UNSTATED.search(message))
        if check.failure_info is None or may_deny:
            return
        about = f"{check.failure_info.failure}\n{check.failure_info.code_sample}"
        self.failures.setdefault(f"{label} {check.name}", about)


@asynccontextmanager
async def listening(ports: Ports) -> AsyncIterator[str]:
    """The URL of the whole application, served on a free port of loopback by this process."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Ports]:
        yield ports

    server = uvicorn.Server(uvicorn.Config(application(opening()), log_config=None, http="httptools"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


def probe(url: str, settings: Mapping[str, Any]) -> Findings:
    """Every phase of a run with these settings; blocks until it is over."""
    config = SchemathesisConfig.from_dict({**settings, "base-url": url})
    schema = schemathesis.openapi.from_dict(openapi_document(OPERATIONS), config=config)
    findings = Findings()
    for event in from_schema(schema).execute():
        findings.note(event)
    return findings
