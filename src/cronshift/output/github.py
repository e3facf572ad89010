"""Findings as GitHub's workflow commands: annotations on the lines of a pull request.

Rules: docs.github.com, "Workflow commands for GitHub Actions" (escaping as in actions/toolkit
``packages/core/src/command.ts``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.model import Finding

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def github_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield one command a finding; no text can end its line or its property."""
    for finding in findings:
        properties = {"title": f"{finding.code} {finding.name}"}
        if finding.location is not None:
            place = {"file": finding.location.file, "line": str(finding.location.line)}
            properties = {**place, **properties}
        attributes = ",".join(
            f"{key}={_escaped(text, _PROPERTY)}" for key, text in properties.items()
        )
        job = f"{finding.job}: " if finding.job else ""
        message = _escaped(f"{job}{finding.message}\n{finding.fix}", _DATA)
        yield f"::{_COMMANDS[finding.severity]} {attributes}::{message}"


def _escaped(text: str, signs: dict[str, str]) -> str:
    return "".join(signs.get(char, char) for char in text)
