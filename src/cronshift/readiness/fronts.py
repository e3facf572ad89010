"""The facts that nothing before the entries, the endpoint or the dispatcher turns calls away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.standing import Stops, Untold, code_before
from cronshift.model import Mode, Origin
from cronshift.plan.findings.fronts import turned_away
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.readiness.kinds import ASKED, ENTRY, REACHED
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

_FIX = "cronshift migrate --fix"
_ASK = "curl the path without a cookie: 401, 403 or a redirect is a stop."


def fronts(subject: Subject) -> Iterator[Fact]:
    """Yield the facts about the fronts of the entries, the endpoint and the dispatcher."""
    yield from _entries(subject)
    called = [path for path in subject.plan.called_paths if subject.resolver.next.present]
    standing = turned_away(subject.resolver, called, subject.jobs)
    for path, kind in ((ENDPOINT, REACHED), (MOUNT, ASKED)):
        if MOUNT not in called or path not in called:
            continue  # the functions are served elsewhere
        front = standing.get(path)
        if front is None:
            yield subject.good(kind, f"Nothing stands before {path}.", subject.project.config_file)
        elif isinstance(front.answer, Stops):
            turning = f"{front.file} stands before {path} and turns callers away"
            text = f"{turning}: it {front.answer.how}." + " The guard would never be asked." * (
                path == MOUNT
            )
            yield subject.bad(kind, text, front.answer.place, _FIX)
        elif isinstance(front.answer, Untold):
            text = f"Whether {path} is reached cannot be told: {front.file} {front.answer.why}."
            yield subject.unknown(kind, text, front.answer.place, _ASK)


def _entries(subject: Subject) -> Iterator[Fact]:
    for job in subject.jobs:
        if job.entry.origin is Origin.MOVED and job.mode is Mode.DIRECT:
            continue  # nobody calls the path any more
        answer, path = code_before(subject.resolver, job.entry.path).answer, job.entry.path
        if isinstance(answer, Stops):
            text = f"{answer.place} {answer.how} before {path} is reached: {job.id} does not run today."
            remedy = f"Let it by, or take it as it is: cronshift migrate {job.id} --accept CS310"
            yield subject.bad(ENTRY, text, answer.place, remedy, job.id)
        elif isinstance(answer, Untold):
            text = f"Whether {path} is reached cannot be told: {answer.place} {answer.why}."
            yield subject.unknown(ENTRY, text, answer.place, _ASK, job.id)
        else:
            text = f"Nothing in the app stands before {path}."
            yield subject.good(ENTRY, text, job.entry.source, job.id)
