"""``serve --check``: the server itself, started, asked over its socket, and stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.engine.server.endpoint import Endpoint
from cronshift.engine.server.loading import build_app
from cronshift.engine.server.serving import listen, origin, running
from cronshift.engine.validation import check, inspect_package
from cronshift.errors import CronshiftError
from cronshift.model import Severity
from cronshift.plan.findings.registration import COUNT_DIFFERS

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.model import Finding, Plan


class Checked(Struct, frozen=True):
    """The result of checking a server.

    Attributes:
        functions: the ids that it would register, with the app's in front.
    """

    mode: str
    functions: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def bad(self) -> bool:
        """True when a finding is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


async def check_served(root: Path, plan: Plan) -> Checked:
    """Start the server on a free loopback port, introspect it, and compare it with the plan.

    Raises:
        CronshiftError: if the package cannot be loaded, or the server does not start.
    """
    registration = inspect_package(root, plan.out.replace("/", "."))
    app = build_app(root, plan.out)
    listener = listen("127.0.0.1", 0)
    url = origin(listener) + app.path
    key = app.client.signing_key if app.client.is_production else None
    introspected = None
    async with running(app, listener), Endpoint.http(url, key) as endpoint:
        introspected = await endpoint.introspect()
    if introspected is None:
        raise CronshiftError(
            f"The server did not start: {app.startup_error}", reason="startup-failed"
        )
    findings = list(check(plan, registration))
    if introspected["function_count"] != len(app.functions):
        findings.append(
            COUNT_DIFFERS.finding(
                f"The endpoint answers for {introspected['function_count']} functions, and the package "
                f"lists {len(app.functions)}."
            )
        )
    return Checked(app.mode, tuple(function.id for function in app.functions), tuple(findings))
