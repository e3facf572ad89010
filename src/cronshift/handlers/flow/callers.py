"""Authentication: the same handler, followed for Vercel, for anybody, and for impostors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.behaviour import Auth
from cronshift.handlers.flow.following import SHALLOWER, Passage, RequestEnding, Trace
from cronshift.handlers.flow.paths import OTHER_SIDE
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.requests import LACKING
from cronshift.handlers.flow.values import Response
from cronshift.handlers.flow.work import works
from cronshift.handlers.flow.worlds import (
    CRON_SECRET,
    anybody,
    forged,
    guessed,
    pretending,
    undefined_bearer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.ledger import Comparison
    from cronshift.handlers.flow.reader import HandlerReader
    from cronshift.handlers.flow.worlds import World

_GATES = {301, 302, 303, 307, 308, 401, 403}
_ORDER = [Passage.NO, Passage.MAYBE, Passage.YES]


class Callers(Struct, frozen=True):
    """The authentication of a handler's callers.

    Attributes:
        place: the comparison that it hangs on, if there is one.
        secret: the variable that it is compared with.
        takes_nothing: whether a call without a credential matches a secret that is not set.
    """

    auth: Auth
    place: CodePlace | None = None
    secret: str = ""
    takes_nothing: bool = False


class _Try(Struct, frozen=True):
    """The outcome of following one request.

    Attributes:
        inside: whether the handler itself lets the request by, whatever stands in front of it.
        compared: where a credential met a secret, in front of the handler and in it.
    """

    passage: Passage
    inside: Passage
    compared: tuple[Comparison, ...]
    run: Trace


def callers_of(reader: HandlerReader) -> Callers:
    """Return the authentication of a handler's callers."""
    if reader.place is None:
        return Callers(Auth.UNKNOWN)
    work = _work(reader.scheduled)
    scheduled = _tried(reader, reader.world, work)
    if not scheduled.run.followed:
        return Callers(Auth.UNKNOWN)
    stranger = _tried(reader, anybody(reader.world), work)
    place, secret = _decisive((*stranger.compared, *scheduled.compared))
    if scheduled.passage is Passage.NO:
        return Callers(
            _of_refused(reader, scheduled, stranger), _lacked(scheduled) or place, secret
        )
    stopped = scheduled.run.exhausted and not stranger.run.exhausted  # somewhere on the way
    is_maybe = stranger.passage is Passage.MAYBE
    by_the_hour = is_maybe and _hangs_on_no_caller(reader, stranger)
    if not by_the_hour and (is_maybe or (stopped and stranger.passage is Passage.YES)):
        return Callers(Auth.UNKNOWN, place)
    if by_the_hour or stranger.passage is Passage.YES:
        return Callers(Auth.NONE)
    pretended = _pretended(reader, work, stranger)
    if pretended is Passage.YES:
        believed = _believed(reader, work)
        return Callers(Auth.SPOOFABLE, believed or place or _refusal(stranger.run))
    if pretended is Passage.MAYBE:
        return Callers(Auth.UNKNOWN, place)
    compared = (*stranger.compared, *scheduled.compared)
    weak = _without_secret(reader, work, compared)
    if weak is not None:
        return weak
    if not scheduled.compared and not stranger.compared:
        return Callers(Auth.OTHER)
    constant = any(comparison.constant_time for comparison in scheduled.compared)
    return Callers(Auth.CONSTANT_TIME if constant else Auth.SECRET, place, secret)


def _pretended(reader: HandlerReader, work: frozenset[CodePlace], stranger: _Try) -> Passage:
    """Return whether a stranger gets through who writes what is wanted into headers, or into the query."""
    tried = _tried(reader, forged(reader.world), work)
    pretending = tried.passage
    if tried.run.exhausted and pretending is Passage.YES and not _gets_as_far(reader, tried.run):
        return Passage.MAYBE  # the check may stand behind what is read
    if pretending is Passage.NO and "query" in stranger.run.ledger.asked:
        guessing = _tried(reader, guessed(reader.world), work).passage
        return guessing if guessing is Passage.YES else Passage.NO
    return pretending


def _gets_as_far(reader: HandlerReader, run: Trace) -> bool:
    """Return whether a call comes to all that Vercel's comes to, where both are too much however few calls are followed."""
    scheduled = reader.scheduled
    is_least = (reader.world.deepest, reader.world.turns) == SHALLOWER[-1]
    is_as_far = scheduled.ledger.sites.keys() <= run.ledger.sites.keys()
    return is_least and scheduled.exhausted and is_as_far


def _believed(reader: HandlerReader, work: frozenset[CodePlace]) -> CodePlace | None:
    """Return the place where the header, or the parameter of the query, is read that lets anybody by."""
    forging = reader.run(forged(reader.world))
    for name, place in forging.ledger.asked.items():
        is_header = name in reader.world.headers and name != "authorization"
        world = guessed(reader.world) if name == "query" else pretending(reader.world, name)
        if (is_header or name == "query") and _tried(reader, world, work).passage is Passage.YES:
            return place
    return None


def _without_secret(
    reader: HandlerReader, work: frozenset[CodePlace], compared: Iterable[Comparison]
) -> Callers | None:
    """Return the authentication where the secret is not set, if anybody gets through then."""
    compared = tuple(compared)
    unset = _secrets(compared)
    if not unset:
        return None
    place, secret = _decisive(compared)
    open_to_all = _tried(reader, anybody(reader.world, unset=unset), work)
    others = _secrets(open_to_all.compared) - unset  # a second one that stands in for the first
    if others:
        unset |= others
        open_to_all = _tried(reader, anybody(reader.world, unset=unset), work)
    if _lets_by(reader, open_to_all):
        met = [comparison for comparison in open_to_all.compared if comparison.equal]
        if met:
            return Callers(Auth.UNDEFINED, met[0].place, secret, takes_nothing=True)
        return Callers(Auth.FAIL_OPEN, place, secret)
    text = "None" if is_python(reader.handler.file) else "undefined"
    written = _tried(reader, undefined_bearer(reader.world, text, unset), work)
    if _lets_by(reader, written):
        return Callers(Auth.UNDEFINED, place, secret)
    for comparison in (*open_to_all.compared, *written.compared):
        if _says(reader, comparison.written, unset, work):
            return Callers(Auth.WRITTEN, comparison.place, secret)
    if not is_python(reader.handler.file):
        return None
    bare = {name: text for name, text in reader.world.headers.items() if name != "authorization"}
    believed = _tried(reader, replace(reader.world, headers=bare, unset=unset), work)
    return Callers(Auth.FAIL_OPEN, place, secret) if _lets_by(reader, believed) else None


def _secrets(compared: Iterable[Comparison]) -> frozenset[str]:
    """Return the variables that a credential is compared with."""
    return frozenset(
        name for comparison in compared for name in comparison.secrets if name != "hmac"
    )


def _says(
    reader: HandlerReader, text: str, unset: frozenset[str], work: frozenset[CodePlace]
) -> bool:
    """Return whether a text that the code says gets a caller through, behind ``Bearer``."""
    bare = text.removeprefix("Bearer ")
    if not bare or bare in {"undefined", "None", "null"}:
        return False
    world = undefined_bearer(reader.world, bare, unset)
    return _lets_by(reader, _tried(reader, world, work))


def _lets_by(reader: HandlerReader, tried: _Try) -> bool:
    """Return whether a call gets through, as far as what is followed decides.

    A front that compares nothing hides no flaw of the handler's own check: whoever writes what Vercel
    writes passes it, as far as it is followed.
    """
    if tried.passage is Passage.YES:
        return True
    before, compared = reader.before(reader.world)
    is_blind = before is not Passage.NO and not compared
    return is_blind and tried.inside is Passage.YES and tried.passage is Passage.MAYBE


def _tried(reader: HandlerReader, world: World, work: frozenset[CodePlace]) -> _Try:
    before, compared = reader.before(world)
    run = reader.scheduled if world is reader.world else reader.run(world)
    inside = _passage(run, work)
    whole = min(before, inside, key=_ORDER.index)
    return _Try(whole, inside, (*compared, *run.ledger.comparisons), run)


def _work(run: Trace) -> frozenset[CodePlace]:
    """Return the places of the work that only a call reaches which gets through."""
    through = [ending for ending in run.endings if not ending.refused]
    through = through or [ending for ending in run.endings if not _is_turned_away(ending)]
    refused = {
        place
        for ending in run.endings
        if ending.refused and ending not in through
        for place in ending.path.visited
    }
    sites = run.ledger.sites
    whole = {
        place
        for ending in through
        for place in ending.path.visited
        if place in sites and not sites[place].rescuing
    }
    checked = max((comparison.sites for comparison in run.ledger.comparisons), default=0)
    behind = whole & set(list(sites)[checked:]) or whole
    surely = {place for place in behind if sites[place].written or works(sites[place].name)}
    chosen = surely - refused or behind - refused or surely or behind
    return frozenset(chosen)


def _passage(run: Trace, work: frozenset[CodePlace]) -> Passage:
    """Return whether a call gets to the work, or to an answer where there is none."""
    if not run.followed:
        return Passage.MAYBE
    best = Passage.NO
    for ending in run.endings:
        if work and work <= ending.path.late:  # it is refused, and everything is done all the same
            sure = work <= ending.path.sure
            best = max(best, Passage.YES if sure else Passage.MAYBE, key=_ORDER.index)
        if _is_turned_away(ending) or (ending.refused and not run.ledger.comparisons):
            continue
        reached = ending.path.visited & work
        if not reached and (work or ending.refused):
            continue
        sure = not ending.path.is_doubted and (not work or not work.isdisjoint(ending.path.sure))
        best = max(best, Passage.YES if sure else Passage.MAYBE, key=_ORDER.index)
    return best


def _is_turned_away(ending: RequestEnding) -> bool:
    return ending.refused and any(status in _GATES for status in ending.statuses)


def _of_refused(reader: HandlerReader, scheduled: _Try, stranger: _Try) -> Auth:
    """Return the authentication of a handler that refuses Vercel's own call."""
    turned = any(_is_turned_away(ending) for ending in scheduled.run.endings)
    if not (turned and stranger.passage is Passage.NO and scheduled.run.is_complete):
        return Auth.UNKNOWN
    if is_python(reader.handler.file) and not _asks(reader, scheduled):
        return Auth.NONE  # it is refused for another reason, the hour of the day
    return Auth.WRONG


def _hangs_on_no_caller(reader: HandlerReader, tried: _Try) -> bool:
    """Return whether nothing of the caller is asked, nor anything called, before a call is turned away: the hour is."""
    if not is_python(reader.handler.file) or not tried.run.is_complete or _asks(reader, tried):
        return False
    sites = tried.run.ledger.sites
    doubts = {doubt for ending in tried.run.endings for doubt in ending.path.doubts}
    return doubts <= {OTHER_SIDE} and not any(
        not (sites[place].followed or sites[place].name.rpartition(".")[2][:1].isupper())
        for ending in tried.run.endings
        if _is_turned_away(ending)
        for place in ending.path.visited & sites.keys()
    )


def _lacked(scheduled: _Try) -> CodePlace | None:
    """Return the place where more is asked for than the bearer, which is right."""
    matched = any(comparison.equal for comparison in scheduled.compared)
    return scheduled.run.ledger.asked.get(LACKING) if matched else None


def _asks(reader: HandlerReader, tried: _Try) -> bool:
    """Return whether anything is asked of the request, or stands in front of the handler."""
    asked = tried.run.ledger.asked.keys() - {"reply"}
    return bool(tried.compared or asked or reader.gates)


def _decisive(compared: Iterable[Comparison]) -> tuple[CodePlace | None, str]:
    """Return the place where the caller's credential is compared, and the secret's variable."""
    ranked = sorted(compared, key=lambda comparison: CRON_SECRET not in comparison.secrets)
    for comparison in ranked:
        return comparison.place, comparison.secrets[0] if comparison.secrets else ""
    return None, ""


def _refusal(run: Trace) -> CodePlace | None:
    """Return the place where a stranger is answered."""
    for ending in run.endings:
        answer = ending.path.answered or ending.value
        if ending.refused and isinstance(answer, Response) and answer.place is not None:
            return answer.place
    return None
