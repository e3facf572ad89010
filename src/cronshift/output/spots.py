"""Findings by their place: one spot is told once, however many jobs it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.model import Finding


class Spot(Struct, frozen=True):
    """One finding at one place.

    Attributes:
        finding: the first that was made of it.
        jobs: the jobs that it concerns, in order; none for the project as a whole.
    """

    finding: Finding
    jobs: tuple[str, ...]

    @property
    def place(self) -> str:
        """``file:line``, or nothing."""
        return str(self.finding.location) if self.finding.location else ""


def spots(findings: Iterable[Finding]) -> list[Spot]:
    """Return the spots of some findings, in their order."""
    places: list[tuple[Finding, list[str]]] = []
    at: dict[tuple[object, ...], list[int]] = {}
    for finding in findings:
        key = (finding.code, finding.location)
        same = at.setdefault(key, [])
        jobs_there = next(
            (places[index][1] for index in same if _joins(places[index], finding)), None
        )
        if jobs_there is not None:
            jobs_there.append(finding.job or "")
        else:
            same.append(len(places))
            places.append((finding, [finding.job] if finding.job else []))
    return [Spot(finding, tuple(jobs)) for finding, jobs in places]


def _joins(place: tuple[Finding, list[str]], finding: Finding) -> bool:
    """Return whether a finding is another job's of the same spot."""
    first, jobs = place
    is_other = finding.job is not None and first.job is not None and finding.job not in jobs
    return is_other and finding.location is not None
