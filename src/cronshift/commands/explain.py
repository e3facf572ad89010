"""``cronshift explain``: the meaning of a finding, a reason, a fact, or a page of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import to_builtins

from cronshift.commands.completion import finding_codes
from cronshift.errors import ExitCode

if TYPE_CHECKING:
    from cronshift.commands.invocation import Invocation

_WORDS = ("code", "name", "severity", "summary", "fix")


def explain(
    context: typer.Context,
    finding: Annotated[
        str,
        typer.Argument(
            help="Its code or its name; or a page's, such as configuration.",
            autocompletion=finding_codes,
        ),
    ],
) -> ExitCode:
    """Explain a finding: what it means, an example with it and without, and what to do about it.

    The reason of an error (locked) and the code of a fact (R302) are explained as well, and any page of
    the documentation is shown, which the package carries: configuration, sessions, glossary and others.

    Examples:
      cronshift explain CS104
      cronshift explain both-day-fields
      cronshift explain unfinished-operation
      cronshift explain configuration
    """
    from cronshift.output.manual import passage
    from cronshift.plan.findings import is_finding, rule_of

    invocation: Invocation = context.obj
    text = None if is_finding(finding) else passage(finding)
    if text is not None:
        if invocation.json:
            invocation.console.document({"name": finding.lower(), "text": text})
        else:
            invocation.console.result(text)
        return ExitCode.OK
    rule = rule_of(finding)
    example = rule.example
    if invocation.json:
        words = {name: getattr(rule, name) for name in _WORDS}
        shown = to_builtins(example) if example else None
        invocation.console.document({**words, "example": shown})
        return ExitCode.OK
    text = f"{rule.code} {rule.name} ({rule.severity.value})\n\n{rule.summary}\n"
    for title, files in (("Found", example.bad), ("Not found", example.good)) if example else ():
        for file in files:
            if file.shown:
                body = "\n".join(f"    {line}" for line in file.text.splitlines())
                text += f"\n{title}, {file.path}:\n{body}\n"
    invocation.console.result(f"{text}\n→ {rule.fix}")
    return ExitCode.OK
