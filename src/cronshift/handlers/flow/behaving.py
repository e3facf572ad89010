"""The behaviour of a scheduled call: its work, unawaited work, failures that end in success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.behaviour import Auth, Behaviour, Loose, SourceSpot
from cronshift.handlers.flow.callers import Callers, callers_of
from cronshift.handlers.flow.failures import failures_of
from cronshift.handlers.flow.idle import is_idle, only_says
from cronshift.handlers.flow.requests import MARK
from cronshift.handlers.flow.soft import soft_answers
from cronshift.handlers.flow.unread import unread_results
from cronshift.handlers.flow.values import PlainValue, Promise, Response
from cronshift.handlers.flow.work import (
    is_side_work,
    is_work,
    lets_go,
    prepares,
    provides,
    works,
    writes,
)
from cronshift.model import HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.following import RequestEnding, Trace
    from cronshift.handlers.flow.ledger import Ledger, Site
    from cronshift.handlers.flow.reader import HandlerReader
    from cronshift.handlers.flow.worlds import World

_NO_METHOD = 405
_NAMELESS = "(async () => …)()"
_LOOPS = lazy_pattern(r"\.(?:forEach|map)\(|^\(?async\b|^\(\(?async|^\(async|^void \(?async")
_BODIES = (".text", ".json", ".blob", ".arrayBuffer")
_OTHERS = ("POST", "PUT", "PATCH")
_REPLYING = {HandlerKind.NEXT_PAGES, HandlerKind.NODE_FUNCTION}


def behaviour_of(reader: HandlerReader) -> Behaviour:
    """Return the behaviour that following a handler shows; empty where it cannot be followed."""
    place = reader.place
    if place is None:
        return Behaviour()
    run = reader.scheduled
    callers = _callers(reader)
    lacked = _lacked(reader, run) if run.is_complete and callers.auth is not Auth.WRONG else None
    if lacked is not None and callers.auth is Auth.UNKNOWN:
        callers = callers_of(reader.changed(lacked.world))
    schedule = run.ledger.asked.get("schedule")
    whole = Behaviour(
        work=_spot(place, reader.handler.export),
        auth=callers.auth,
        auth_spot=_auth_spot(reader, callers, place),
        takes_nothing=callers.takes_nothing,
        reads_schedule=_spot(schedule, "x-vercel-cron-schedule") if schedule else None,
        reads_query="query" in run.ledger.asked,
        marked=_marked(reader, run),
    )
    reached = reader
    if lacked is not None:
        reached = reader.changed(lacked.world)
    elif callers.auth is Auth.WRONG:
        reached = reader.changed(replace(reader.world, anyone=True))
    reached = reached.shallower()
    work = reached.scheduled
    if work.is_complete:
        swallowed, admitted = failures_of(reached, work)
        whole = replace(
            whole,
            loose=tuple(_loose(work)),
            swallowed=tuple(swallowed),
            soft=(*admitted, *soft_answers(reached, work)),
            unread=tuple(unread_results(reached, work)),
        )
    if work.exhausted:
        whole = replace(whole, too_long=_spot(place, reader.handler.export))
    if not run.is_complete:
        return whole
    if not run.ledger.cut:
        called = {place.file for place in run.ledger.sites}
        whole = replace(whole, reached=frozenset(run.ledger.files | called))
    stub, is_nothing = None, False
    looks_on = not _acts(run) and any(_other_methods(reader))
    if looks_on or only_says(run):
        got = reader.run(replace(reader.world, anyone=True))
        stub = _stub(reader, got) if looks_on else None
        is_nothing = stub is None and is_idle(got)
    return replace(
        whole,
        stub=stub,
        idle=_spot(place, reader.handler.export) if is_nothing else None,
        flagged=lacked.spot if lacked is not None and lacked.part == "query" else None,
        bodiless=lacked.spot if lacked is not None and lacked.part == "body" else None,
        refuses_get=_refuses_get(reader, run),
        silent=_silent(reader, run),
    )


def _callers(reader: HandlerReader) -> Callers:
    """Return the authentication, read less deep where all is too much; that of nobody needs all."""
    callers = callers_of(reader)
    if callers.auth is not Auth.UNKNOWN or not reader.scheduled.exhausted:
        return callers
    nearer = callers_of(reader.shallower())
    return callers if nearer.auth is Auth.NONE else nearer


def _auth_spot(reader: HandlerReader, callers: Callers, place: CodePlace) -> SourceSpot:
    """Return the spot where the caller is checked, or should be."""
    handler = reader.handler
    if callers.place is None and handler.route is None and place.file != handler.file:
        return SourceSpot(
            handler.file, handler.line, ""
        )  # a wrapper's file is not where it is wanted
    return _spot(callers.place or place, callers.secret)


def _spot(place: CodePlace, what: str) -> SourceSpot:
    return SourceSpot(place.file, place.line, what, place.column)


# work that nobody waits for


def _loose(run: Trace) -> Iterator[tuple[Loose, SourceSpot]]:
    ledger = run.ledger
    left = ledger.left()
    places = ledger.handed_on({promise.place for promise in left})
    outermost = [promise for promise in left if not places & (set(promise.sites) - {promise.place})]
    around = {place for promise in outermost for place in promise.calls}
    done = [
        site
        for site in ledger.sites.values()
        if is_work(site)
        and _leads_out(site, ledger)
        and site.place not in places | around
        and not places & set(site.within)
        and not any(map(provides, _leading_to(site, ledger)))
    ]
    seen: set[CodePlace] = set()
    for promise in outermost:
        place = promise.dropped or promise.place
        if place in seen:
            continue
        seen.add(place)
        sites = list(ledger.sites.values())
        if promise.name.endswith(_BODIES):
            continue  # the body of an answer, read to be logged
        begun = list(ledger.sites)
        after = sites[begun.index(promise.place) + 1 :] if promise.place in begun else []
        works_done = any(site in after or not prepares(site.name) for site in done)
        yield (
            _kind(promise, place, sites, works_done=works_done),
            _spot(place, place.text or promise.name or _NAMELESS),
        )
    yield from ((Loose.SIDE, _spot(raced.place, raced.name)) for raced in ledger.outrun)
    for place, name, only_side in ledger.later:
        if not only_side and place not in seen:
            seen.add(place)
            yield Loose.AFTER, _spot(place, name)


def _leads_out(site: Site, ledger: Ledger) -> bool:
    """Return whether a call is waited for, or leads out of the project: what only computes is no work."""
    inner = (other for other in ledger.sites.values() if site.place in other.calls)
    return site.awaited or not site.followed or any(not other.followed for other in inner)


def _leading_to(site: Site, ledger: Ledger) -> Iterator[str]:
    """Yield the name of a call, and those of the project's functions that lead to it."""
    yield site.name
    yield from (ledger.sites[place].name for place in site.calls if place in ledger.sites)


def _kind(promise: Promise, place: CodePlace, sites: list[Site], *, works_done: bool) -> Loose:
    """Return whether work left behind is the job's purpose, or a matter beside it."""
    inside = [
        site.name for site in sites if promise.place in site.within and site.place != promise.place
    ]
    around = [site.name for site in sites if site.place in promise.calls]
    is_beside = promise.beside or any(map(is_side_work, (promise.name, *around)))
    is_beside = is_beside or provides(promise.name)  # what follows needs it, and fails without
    is_beside = is_beside or (lets_go(promise.name) and not writes(promise.name))
    if is_beside or (inside and all(map(is_side_work, inside))):
        return Loose.SIDE
    if _LOOPS.search(place.text):
        return Loose.MAIN
    return Loose.SIDE if works_done else Loose.MAIN


# whether a GET does the work


def _stub(reader: HandlerReader, got: Trace) -> SourceSpot | None:
    """Return the method that does the work, where a GET that is let in only looks or says something."""
    if not got.is_complete or _acts(got) or got.ledger.later:
        return None
    if got.ledger.left():
        return None
    for method, export in _other_methods(reader):
        run = reader.run(replace(reader.world, method=method, anyone=True), export)
        sites = run.ledger.sites.values()
        done = [site for site in sites if works(site.name) and not site.beside]
        surely = [site for site in done if site.written or writes(site.name)] or done
        looked = _names(got)
        if (run.is_complete or run.exhausted) and surely and (method == "POST" or not looked):
            place = _first_line(reader, export) or surely[0].place
            return _spot(place, method)
    return None


def _acts(run: Trace) -> bool:
    """Return whether a call may do work: a request that sends, and a procedure of the database, may."""
    return any(
        site.written or works(site.name) or site.name.endswith(".rpc")
        for site in run.ledger.sites.values()
        if not site.beside
    )


def _names(run: Trace) -> list[str]:
    return [site.name for site in run.ledger.sites.values() if not site.beside]


def _other_methods(reader: HandlerReader) -> Iterator[tuple[str, str]]:
    """Yield the other methods of a handler, and what exports them."""
    handler = reader.handler
    if handler.route is not None:
        return
    module = reader.program.module(handler.file)
    if handler.kind is HandlerKind.REMIX:
        if "action" in module.exported:
            yield "POST", "action"
    elif handler.kind is HandlerKind.HTTP_HANDLER or handler.export == "default":
        yield "POST", handler.export
    else:
        yield from ((name, name) for name in _OTHERS if name in module.exported)


def _first_line(reader: HandlerReader, export: str) -> CodePlace | None:
    if export == reader.handler.export:
        return reader.place
    made = reader.program.module(reader.handler.file).exported.get(export)
    if not isinstance(made, str):
        return None
    node = reader.program.definition(reader.handler.file, made)
    value = getattr(node, "value", None)
    return getattr(value, "place", None)


def _marked(reader: HandlerReader, run: Trace) -> SourceSpot | None:
    """Return the read of a header that Vercel may send and no bridged call carries, where the work hangs on it."""
    asked = run.ledger.asked.get(MARK)
    if asked is None or not _acts(run):
        return None
    headers = {name: text for name, text in reader.world.headers.items() if name != MARK}
    other = reader.run(replace(reader.world, headers=headers))
    with_it, without = set(_changing(run)), set(_changing(other))
    return (
        _spot(asked, MARK) if other.is_complete and len(with_it - without) > len(without) else None
    )


def _changing(run: Trace) -> Iterator[CodePlace]:
    """Yield the calls that change something."""
    for place, site in run.ledger.sites.items():
        if not (site.beside or site.rescuing) and (site.written or writes(site.name)):
            yield place


class _Lack(Struct, frozen=True):
    """The part of a request that the work hangs on and that no tick has.

    Attributes:
        part: ``query`` or ``body``.
        spot: where the handler asks for it, with the work behind it.
        world: that of a request which has it.
    """

    part: str
    spot: SourceSpot
    world: World


def _lacked(reader: HandlerReader, run: Trace) -> _Lack | None:
    """Return the part of a request that the work hangs on, where the tick has none."""
    if _acts(run):
        return None
    worlds = {
        "query": replace(reader.world, query=None),
        "body": replace(reader.world, bodied=True),
    }
    for part, world in worlds.items():
        asked = run.ledger.asked.get(part)
        if asked is None or world == reader.world:
            continue
        other = reader.run(world)
        done = [site for site in other.ledger.sites.values() if works(site.name)]
        if other.is_complete and done:
            return _Lack(part, _spot(asked, done[0].name), world)
    return None


def _refuses_get(reader: HandlerReader, run: Trace) -> SourceSpot | None:
    """Return the spot where the code itself answers GET with 405."""
    if not all(ending.statuses == (_NO_METHOD,) for ending in run.endings):
        return None
    place = _answered_at(run.endings[0]) or reader.place
    return _spot(place, "POST") if place is not None else None


def _answered_at(ending: RequestEnding) -> CodePlace | None:
    answer = ending.path.answered or ending.value
    return answer.place if isinstance(answer, Response) else None


def _silent(reader: HandlerReader, run: Trace) -> SourceSpot | None:
    """Return a handler of ``(req, res)`` that never touches its response."""
    handler = reader.handler
    if handler.kind not in _REPLYING or handler.export != "default" or handler.route is not None:
        return None
    if "reply" in run.ledger.asked:
        return None
    for ending in run.endings:
        nothing = isinstance(ending.value, PlainValue) and not ending.thrown
        if ending.path.answered is not None or not nothing:
            return None
    return _spot(reader.place, "never answers") if reader.place is not None else None
