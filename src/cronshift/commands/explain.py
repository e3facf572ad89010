"""``cronshift explain``: what a finding means."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.errors import CronshiftError, ExitCode

if TYPE_CHECKING:
    from cronshift.invocation import Invocation


def _codes(incomplete: str) -> list[tuple[str, str]]:
    from cronshift.findings import CATALOGUE

    wanted = incomplete.upper()
    return [(code, rule.name) for code, rule in CATALOGUE.items() if code.startswith(wanted)]


def explain(
    context: typer.Context,
    finding: Annotated[str, typer.Argument(help="Its code or its name.", autocompletion=_codes)],
) -> ExitCode:
    """Explain a finding: what it means and what to do about it.

    Examples:
      cronshift explain CS104
      cronshift explain both-day-fields
    """
    from cronshift.findings import BY_NAME, CATALOGUE

    invocation: Invocation = context.obj
    rule = CATALOGUE.get(finding.upper()) or BY_NAME.get(finding.lower())
    if rule is None:
        raise CronshiftError(
            f"There is no finding {finding!r}.",
            reason="no-such-finding",
            hint=f"Known are {', '.join(CATALOGUE)}.",
        )
    if invocation.json:
        invocation.console.document(asdict(rule))
    else:
        invocation.console.result(
            f"{rule.code} {rule.name} ({rule.severity.value})\n\n{rule.summary}\n\n→ {rule.fix}"
        )
    return ExitCode.OK
