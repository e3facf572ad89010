"""The law of failures: what becomes of each that is tried out, and what the caller hears of it.

- It is thrown, or answered with a status of 400 or more: all is well.
- The body tells of it: the failure is told softly.
- Something else is done because of it, or it leaves nothing undone, or the code says that it does
  not matter: nothing is said.
- Else it ends in success, and nobody hears of it, as far as that can be followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.behaviour import SourceSpot
from cronshift.handlers.flow.asides import is_minor
from cronshift.handlers.flow.endings import answered_at, answers_of, body_of, succeeds
from cronshift.handlers.flow.hearing import Heard, hangs_on_it, heard
from cronshift.handlers.flow.soft import soft_word
from cronshift.handlers.flow.trials import Trial, Trials
from cronshift.handlers.flow.work import is_work, writes

if TYPE_CHECKING:
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


def failures_of(reader: HandlerReader, run: Trace) -> tuple[list[SourceSpot], list[SourceSpot]]:
    """Return the spots where errors end in success: not told, as far as is known, or told in a body."""
    trials, steps = Trials(run), 0
    spots: dict[CodePlace, tuple[Heard, SourceSpot]] = {}
    for trial in trials:
        world = replace(reader.world, fail_at=trial.site.place, refused=trial.refused)
        failed = reader.run(world)
        steps += failed.steps
        judged = _judged(reader, run, trial, failed)
        if judged is not None:
            place, level = judged
            trials.judge(place)
            what = _WORDS[level].format(trial.site.name)
            spot = SourceSpot(place.file, place.line, what, place.column)
            spots[place] = max(
                spots.get(place, (level, spot)), (level, spot), key=lambda pair: pair[0]
            )
        if steps > _MOST_STEPS:
            break
    told = [spot for level, spot in spots.values() if level >= Heard.WORDS]
    return [spot for level, spot in spots.values() if level < Heard.WORDS], told


def _judged(
    reader: HandlerReader, run: Trace, trial: Trial, failed: Trace
) -> tuple[CodePlace, Heard] | None:
    """Return what turns a failure into success, and how much of it is heard; ``None`` where all is well."""
    site = trial.site
    others = _refusals(run) if site.awaited or not trial.refused else frozenset()
    ending = success_after_failure(failed, others)
    if ending is None or answered_at(ending) in _softly(run):
        return None
    usual = [body_of(whole) for whole in run.endings if succeeds(whole)]
    level = heard(body_of(ending), usual)
    turned = ending.path.caught or (ending.path.decided if trial.refused else None)
    if turned is None and not trial.refused:
        return None
    place = turned or site.place
    if level is Heard.NAME:
        return place, level
    works = is_work(site) or (trial.refused and bool(site.written))
    if turned is None or ending.path.instead or not (works or _leaves_work(run, failed)):
        return None
    if is_minor(reader.program.tree, place, (site.place, *site.calls)):
        return None
    return place, level


def _softly(run: Trace) -> set[CodePlace | None]:
    """Return the places of answers that say failure with a status of success: they are told already."""
    return {
        answer.place
        for ending in run.endings
        for answer in answers_of(ending)
        if soft_word(answer.body)
    }


def _leaves_work(run: Trace, failed: Trace) -> bool:
    """Return whether work is not begun where a look fails: what it was for is left undone."""
    begun = failed.ledger.sites
    return any(
        is_work(site) and writes(site.name) and place not in begun
        for place, site in run.ledger.sites.items()
        if not site.rescuing
    )


def success_after_failure(
    run: Trace, others: frozenset[_Spots] = frozenset()
) -> RequestEnding | None:
    """Return the ending of a failed call in success; ``None`` where any of its ways does not.

    Args:
        run: with the failure.
        others: where a request is refused without it too: that tells nothing of the failure.
    """
    if not run.is_complete:
        return None
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
        )
    ]
    if not failed or not all(succeeds(ending) for ending in failed):
        return None
    return failed[-1]


def _refusals(run: Trace) -> frozenset[_Spots]:
    """Return the spots at which requests are refused."""
    return frozenset(_spots(ending) for ending in run.endings if not succeeds(ending))


def _spots(ending: RequestEnding) -> _Spots:
    return ending.place, answered_at(ending)
