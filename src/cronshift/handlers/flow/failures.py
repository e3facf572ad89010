"""The law of failures: what becomes of each that is tried out, and what the caller hears of it.

- It is thrown, or answered with a status of 400 or more: all is well.
- The body names it, ``failed: 2``: it is told softly, whatever else becomes of it.
- Other work is done because of it, or no work is left undone, or the code says that it does not
  matter: nothing is said.
- The body tells of it in words, ``note: "not sent"``: it is told softly.
- A row keeps it, or what goes on has another value: nothing is said.
- Else it ends in success, and nobody hears of it, as far as that can be followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.behaviour import SourceSpot
from cronshift.handlers.flow.amounts import is_content, is_given_less
from cronshift.handlers.flow.asides import is_minor
from cronshift.handlers.flow.endings import (
    answered_at,
    answers_of,
    body_of,
    succeeds,
    told_by,
)
from cronshift.handlers.flow.handed import is_handed_less
from cronshift.handlers.flow.hearing import Heard, hangs_on_it, heard
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.soft import soft_word
from cronshift.handlers.flow.trials import Trial, Trials
from cronshift.handlers.flow.work import is_work, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.following import RequestEnding, Trace
    from cronshift.handlers.flow.reader import HandlerReader

    _Spots = tuple[CodePlace | None, CodePlace | None]
    """Where a request is returned from, and where it is answered."""

_MOST_STEPS = 120_000  # of all failures that are tried out
_WORDS = {
    Heard.NOTHING: "An error of `{}` ends in success, and nothing in the answer tells of it",
    Heard.UNCLEAR: "An error of `{}` ends in success",
    Heard.WORDS: "An error of `{}` is told in an answer of success",
    Heard.NAME: "An error of `{}` is told in an answer of success",
}


class FailureFate(Struct, frozen=True):
    """The fate of a failure that ends in success.

    Attributes:
        name: of the call that fails.
        place: of what catches it, or of the condition that goes on in spite of it.
    """

    name: str
    place: CodePlace
    heard: Heard

    @property
    def spot(self) -> SourceSpot:
        """The place with the words for it."""
        words = _WORDS[self.heard].format(self.name)
        return SourceSpot(self.place.file, self.place.line, words, self.place.column)


def failures_of(reader: HandlerReader, run: Trace) -> tuple[list[SourceSpot], list[SourceSpot]]:
    """Return the spots where errors end in success: those that no body tells of, and those that one does."""
    loudest: dict[CodePlace, FailureFate] = {}
    for fate in _fates(reader, run):
        other = loudest.get(fate.place)
        if other is None or other.heard < fate.heard:
            loudest[fate.place] = fate
    swallowed = [it.spot for it in loudest.values() if it.heard < Heard.WORDS]
    return swallowed, [it.spot for it in loudest.values() if it.heard >= Heard.WORDS]


def _fates(reader: HandlerReader, run: Trace) -> Iterator[FailureFate]:
    """Yield the fate of each failure that is tried out and ends in success."""
    trials, steps = Trials(run), 0
    for trial in trials:
        world = replace(reader.world, fail_at=trial.site.place, refused=trial.refused)
        failed = reader.run(world)
        fate = _fate(reader, run, trial, failed)
        if fate is not None:
            trials.judge(fate.place)
            yield fate
        steps += failed.steps
        if steps > _MOST_STEPS:
            return


def _fate(reader: HandlerReader, run: Trace, trial: Trial, failed: Trace) -> FailureFate | None:
    """Return the fate of one failure; ``None`` where all is well, or where it does not matter."""
    site = trial.site
    others = _refusals(run) if site.awaited or not trial.refused else frozenset()
    endings = successes_after_failure(failed, others)
    levels = [_heard(ending, run) for ending in endings]
    if not levels:
        return None
    level = max(levels)
    ending = endings[levels.index(level)]
    path = ending.path
    place = path.caught or (path.decided if trial.refused else None)
    is_sent = is_python(site.place.file) and writes(site.name)
    if place is None and trial.refused and level >= (Heard.WORDS if is_sent else Heard.NAME):
        place = site.place  # its status is handed on in the answer, and that is all
    if place is None or answered_at(ending) in _softly(run):
        return None
    fate = FailureFate(site.name, place, level)
    works = is_work(site) or (trial.refused and bool(site.written))
    if level is Heard.NAME and (works or not path.instead):
        return fate
    is_sent_on = any(map(is_content, failed.ledger.sites.values()))
    is_settled = path.instead or (path.kept and level < Heard.WORDS and not is_sent_on)
    is_less = is_sent_on or _gives_less(run, failed)
    matters = not is_settled and (works or is_less or leaves_work(run, failed))
    calls, entered = (site.place, *site.calls), run.ledger.entered.get(site.place)
    function = entered.place if entered is not None else None
    is_aside = matters and is_minor(reader.program.tree, place, calls, function)
    return fate if matters and not is_aside else None


def _gives_less(run: Trace, failed: Trace) -> bool:
    """Return whether work is given less to write where something failed."""
    begun = failed.ledger.sites
    return any(
        is_work(site)
        and not site.rescuing
        and (writes(site.name) or site.written)
        and is_given_less(begun[place], site)
        for place, site in run.ledger.sites.items()
        if place in begun
    )


def _heard(ending: RequestEnding, run: Trace) -> Heard:
    """Return the measure in which an answer tells of a failure, beside those without one."""
    usual = [whole for whole in run.endings if succeeds(whole)]
    place = answered_at(ending)
    elsewhere = (body_of(whole) for whole in usual if answered_at(whole) != place)
    return heard(body_of(ending), map(body_of, usual), elsewhere)


def _softly(run: Trace) -> set[CodePlace | None]:
    """Return the places of answers that say failure with a status of success: they are told already."""
    return {
        answer.place
        for ending in filter(succeeds, run.endings)
        for answer in answers_of(ending)
        if soft_word(told_by(answer))
    }


def leaves_work(run: Trace, failed: Trace) -> bool:
    """Return whether work is not begun where a look fails, less often, or with less: what it was for is left undone."""
    begun = failed.ledger.sites
    return any(
        is_work(site)
        and (writes(site.name) or site.written)
        and (
            place not in begun
            or begun[place].turns < site.turns
            or is_handed_less(begun[place], site)
        )
        for place, site in run.ledger.sites.items()
        if not site.rescuing
    )


def successes_after_failure(
    run: Trace, others: frozenset[_Spots] = frozenset()
) -> list[RequestEnding]:
    """Return the endings of a failed call, all in success; none where any of its ways does not.

    Args:
        run: with the failure.
        others: where a request is refused without it too: that tells nothing of the failure, unless what
            catches it there is another clause than where it ends in success.
    """
    if not run.is_complete:
        return []
    swallowing = {ending.path.caught for ending in run.endings if succeeds(ending)}
    failed = [
        ending
        for ending in run.endings
        if ending.path.failed
        and (
            succeeds(ending)
            or ending.path.hangs
            or ending.path.hinged
            or hangs_on_it(ending.value)
            or _spots(ending) not in others
            or ending.path.caught not in swallowing | {None}
        )
    ]
    return failed if all(succeeds(ending) for ending in failed) else []


def _refusals(run: Trace) -> frozenset[_Spots]:
    """Return the spots at which requests are refused."""
    return frozenset(_spots(ending) for ending in run.endings if not succeeds(ending))


def _spots(ending: RequestEnding) -> _Spots:
    return ending.place, answered_at(ending)
