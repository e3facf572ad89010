"""What a kind of finding is."""

from __future__ import annotations

from dataclasses import dataclass

from cronshift.model import Finding, Location, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding. ``fix`` is what the user does about it, as an instruction."""

    code: str
    name: str
    severity: Severity
    summary: str
    fix: str

    def found(
        self,
        message: str,
        *,
        job: str | None = None,
        location: Location | None = None,
        fix: str | None = None,
    ) -> Finding:
        """Return this rule's finding for one place."""
        return Finding(self.code, self.name, self.severity, message, fix or self.fix, job, location)
