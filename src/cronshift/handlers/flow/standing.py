"""The front of a path: whether a call without a session gets there.

One answer for an entry, the Inngest endpoint and the dispatcher alike: redirects and slashes first,
then what the whole app runs before the path, then what the handler's own app does.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.flow.fronts import fronts_of, gates_of
from cronshift.handlers.flow.gates import (
    Gate,
    LetsBy,
    Standing,
    Stops,
    Untold,
    follow_gate,
    standings_of,
)
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.worlds import called_by_inngest, vercel
from cronshift.handlers.verdict import Verdict
from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.vercel.dispatcher import MOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.handlers import Resolver
    from cronshift.handlers.flow.worlds import World

_METHODS = ("GET", "POST", "PUT")  # that Inngest and its SDK use


class PathCaller(StrEnum):
    """The callers of a path; neither has a cookie."""

    VERCEL = "vercel"
    """Vercel's cron, or the bridge: GET, with the bearer."""
    INNGEST = "inngest"
    """POST and PUT, with a signature that only the SDK reads."""


class Front(Struct, frozen=True):
    """The verdict on a call before it reaches its path, and the place that decides.

    Attributes:
        file: the file that decides.
        line: of the matcher that takes in the path, where there is one, else where it stops.
    """

    answer: Standing
    file: str = ""
    line: int = 1


def front_of(resolver: Resolver, path: str, caller: PathCaller = PathCaller.VERCEL) -> Front:
    """Return the front of a path for a call, redirects and slashes first."""
    moved = resolver.redirect(path.partition("?")[0])
    if moved is None:
        return code_before(resolver, path, caller)
    file = resolver.next.config.file if resolver.next.present else None
    place = Location(file or "vercel.json", 1)
    how = f"sends callers to {moved.target} ({moved.why})"
    if moved.verdict is Verdict.UNKNOWN:
        how = f"may send callers to {moved.target} ({moved.why})"
        return Front(Untold(place, how), place.file)
    is_stop = caller is PathCaller.VERCEL  # Vercel's cron goes after no redirect; Inngest may
    return Front(Stops(place, how) if is_stop else Untold(place, how), place.file)


def code_before(resolver: Resolver, path: str, caller: PathCaller = PathCaller.VERCEL) -> Front:
    """Return the front of a path that the app's own code makes."""
    key = (path, caller.value)
    if key not in resolver.fronts:
        resolver.fronts[key] = _code_before(resolver, path, caller)
    return resolver.fronts[key]


def _code_before(resolver: Resolver, path: str, caller: PathCaller) -> Front:
    bare = path.partition("?")[0]
    fronts = [_front(resolver, gate, path, caller) for gate in _gates(resolver, bare)]
    stopping = [front for front in fronts if isinstance(front.answer, Stops)]
    untold = [front for front in fronts if isinstance(front.answer, Untold)]
    return next(iter([*stopping, *untold]), Front(LetsBy()))


def _gates(resolver: Resolver, path: str) -> Iterator[Gate]:
    yield from fronts_of(resolver.program, resolver, path)
    resolution = resolver.resolve(path)
    if resolution.verdict is Verdict.ANSWERED and resolution.handler is not None:
        yield from gates_of(resolver.program, resolution.handler, path)


def _front(resolver: Resolver, gate: Gate, path: str, caller: PathCaller) -> Front:
    traces = [follow_gate(resolver.program, gate, world) for world in _worlds(path, caller)]
    answer = together(standing for trace in traces for standing in standings_of(gate, trace))
    secrets = {name for trace in traces for seen in trace.ledger.comparisons for name in seen.secrets}  # fmt: skip
    if isinstance(answer, Stops) and not gate.sure:
        answer = Untold(
            answer.place, f"{answer.how}, if it runs before the path, which code decides"
        )
    elif isinstance(answer, Stops) and len(secrets) > 1:
        others = ", ".join(sorted(secrets - {"CRON_SECRET"}))
        answer = Untold(answer.place, f"compares the bearer with {others}")
    elif (
        isinstance(answer, Stops)
        and secrets
        and is_python(
            gate.file
        )  # in JavaScript a header that is missing is null, and no secret undefined
        and _is_of_entry(path, caller)
        and _lets_by(resolver, gate, path, secrets)
    ):
        (name,) = secrets
        answer = Untold(answer.place, f"{answer.how} where {name} is set, and else nobody")
    if gate.path is not None or isinstance(answer, LetsBy):
        return Front(answer, gate.file, gate.line)
    return Front(answer, answer.place.file, answer.place.line)


def _is_of_entry(path: str, caller: PathCaller) -> bool:
    """Return whether Vercel calls a path of the app's own."""
    return caller is PathCaller.VERCEL and not path.startswith(f"{MOUNT}/")


def _lets_by(resolver: Resolver, gate: Gate, path: str, unset: Iterable[str]) -> bool:
    """Return whether a gate lets Vercel's call by where secrets are not set."""
    world = replace(vercel(path), unset=frozenset(unset))
    standings = list(standings_of(gate, follow_gate(resolver.program, gate, world)))
    return bool(standings) and all(isinstance(standing, LetsBy) for standing in standings)


_PASSING = lazy_pattern(r"\banswers (?:429|503)$")
"""A limit on how often is called, a switch for maintenance: they ask nobody who calls."""


def _worlds(path: str, caller: PathCaller) -> Iterator[World]:
    if caller is PathCaller.VERCEL:
        yield vercel(path)
    else:
        yield from (replace(called_by_inngest(path), method=method) for method in _METHODS)


def together(standings: Iterable[Standing]) -> Standing:
    """Return the verdict that holds on all ways: untold, where they differ."""
    listed = list(dict.fromkeys(standings))
    untold = next((standing for standing in listed if isinstance(standing, Untold)), None)
    stopping = [standing for standing in listed if isinstance(standing, Stops)]
    if untold is not None:
        return untold
    if not stopping:
        return LetsBy()
    lasting = [standing for standing in stopping if not _PASSING.search(standing.how)]
    if len(stopping) == len(listed):
        return (lasting or stopping)[-1]  # the first stops some callers, the last all others
    if not lasting:
        return LetsBy()
    stopping = lasting
    return Untold(stopping[0].place, f"{stopping[0].how} in some cases")


__all__ = ["Front", "LetsBy", "PathCaller", "Stops", "Untold", "code_before", "front_of"]
