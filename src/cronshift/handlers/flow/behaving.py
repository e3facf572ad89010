"""What a scheduled call does: the work or not, work that nobody waits for, failures that end well."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cronshift.handlers.behaviour import Behaviour, Loose, SourceSpot
from cronshift.handlers.flow.callers import Callers, callers_of
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    ListValue,
    ObjectValue,
    Plain,
    Promise,
    Response,
    Taint,
    Unknown,
    Value,
    taints_of,
)
from cronshift.handlers.flow.work import is_side_work, prepares, works, writes
from cronshift.model import HandlerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.code import Place
    from cronshift.handlers.flow.following import RequestEnding, Trace
    from cronshift.handlers.flow.ledger import Site
    from cronshift.handlers.flow.reader import Reader

_OK = 300
_PLAIN_OK = 200
_NO_METHOD = 405
_MOST_FAILURES = 14  # calls whose failure is tried out
_MOST_STEPS = 25_000  # of all of them
_DEEPEST_FAILURE = 5
_COUNTED = re.compile(r"fail|error|problem|skipped|reject", re.IGNORECASE)
_LOOPS = re.compile(r"\.(?:forEach|map)\(|^\(?async\b|^\(\(?async|^\(async|^void \(?async")
_BODIES = (".text", ".json", ".blob", ".arrayBuffer")
_OTHERS = ("POST", "PUT", "PATCH")
_REPLYING = {HandlerKind.NEXT_PAGES, HandlerKind.NODE_FUNCTION}


def behaviour_of(reader: Reader) -> Behaviour:
    """Return what following a handler shows; empty where there is nothing to follow."""
    place = reader.place
    if place is None:
        return Behaviour()
    run = reader.scheduled
    callers = callers_of(reader)
    schedule = run.ledger.asked.get("schedule")
    whole = Behaviour(
        work=_spot(place, reader.handler.export),
        auth=callers.auth,
        auth_spot=_auth_spot(reader, callers, place),
        reads_schedule=_spot(schedule, "x-vercel-cron-schedule") if schedule else None,
        reads_query="query" in run.ledger.asked,
    )
    if not run.is_complete:
        return whole
    swallowed, admitted = _failures(reader, run)
    return replace(
        whole,
        stub=_stub(reader),
        flagged=_flagged(reader, run),
        refuses_get=_refuses_get(reader, run),
        loose=tuple(_loose(run)),
        swallowed=tuple(swallowed),
        soft=(*admitted, *_soft(run)),
        silent=_silent(reader, run),
    )


def _auth_spot(reader: Reader, callers: Callers, place: Place) -> SourceSpot:
    """Return where the caller is checked, or should be."""
    handler = reader.handler
    if callers.place is None and handler.route is None and place.file != handler.file:
        return SourceSpot(
            handler.file, handler.line, ""
        )  # a wrapper's file is not where it is wanted
    return _spot(callers.place or place, callers.secret)


def _is_work(site: Site) -> bool:
    """Return whether a call does work: it is waited for, or its name says that it writes."""
    if not works(site.name) or site.beside:
        return False
    return site.awaited or is_python(site.place.file) or bool(site.written) or writes(site.name)


def _spot(place: Place, what: str) -> SourceSpot:
    return SourceSpot(place.file, place.line, what, place.column)


# work that nobody waits for


def _loose(run: Trace) -> Iterator[tuple[Loose, SourceSpot]]:
    ledger = run.ledger
    left = ledger.left()
    places = {promise.place for promise in left}
    outermost = [promise for promise in left if not places & (set(promise.sites) - {promise.place})]
    around = {place for promise in outermost for place in promise.calls}
    done = [
        site
        for site in ledger.sites.values()
        if _is_work(site) and site.place not in places | around and not places & set(site.within)
    ]
    seen: set[Place] = set()
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
            _spot(place, place.text or promise.name),
        )
    for place, name, only_side in ledger.later:
        if not only_side and place not in seen:
            seen.add(place)
            yield Loose.AFTER, _spot(place, name)


def _kind(promise: Promise, place: Place, sites: list[Site], *, works_done: bool) -> Loose:
    """Return whether work that is left is what the job is for, or a matter beside it."""
    inside = [
        site.name for site in sites if promise.place in site.within and site.place != promise.place
    ]
    if is_side_work(promise.name) or (inside and all(map(is_side_work, inside))):
        return Loose.SIDE
    if _LOOPS.search(place.text):
        return Loose.MAIN
    return Loose.SIDE if works_done else Loose.MAIN


# whether a GET does the work


def _stub(reader: Reader) -> SourceSpot | None:
    """Return the method that does the work, where GET only looks or only says something."""
    if any(works(name) for name in _names(reader.scheduled)):
        return None
    got = reader.run(replace(reader.world, anyone=True))
    if not got.is_complete or any(works(name) for name in _names(got)) or got.ledger.later:
        return None
    if got.ledger.left():
        return None
    for method, export in _other_methods(reader):
        run = reader.run(replace(reader.world, method=method, anyone=True), export)
        done = [site for site in run.ledger.sites.values() if works(site.name)]
        surely = [site for site in done if site.written or writes(site.name)] or done
        looked = _names(got)
        if run.is_complete and surely and (method == "POST" or not looked):
            place = _first_line(reader, export) or surely[0].place
            return _spot(place, method)
    return None


def _names(run: Trace) -> list[str]:
    return [site.name for site in run.ledger.sites.values()]


def _other_methods(reader: Reader) -> Iterator[tuple[str, str]]:
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


def _first_line(reader: Reader, export: str) -> Place | None:
    if export == reader.handler.export:
        return reader.place
    made = reader.program.module(reader.handler.file).exported.get(export)
    if not isinstance(made, str):
        return None
    node = reader.program.definition(reader.handler.file, made)
    value = getattr(node, "value", None)
    return getattr(value, "place", None)


def _flagged(reader: Reader, run: Trace) -> SourceSpot | None:
    """Return where the work hangs on a query that the entry does not carry."""
    if "query" not in run.ledger.asked or reader.world.query is None:
        return None
    if any(works(name) for name in _names(run)):
        return None
    other = reader.run(replace(reader.world, query=None))
    done = [site for site in other.ledger.sites.values() if works(site.name)]
    if other.is_complete and done:
        return _spot(run.ledger.asked["query"], done[0].name)
    return None


def _refuses_get(reader: Reader, run: Trace) -> SourceSpot | None:
    """Return where the code itself answers GET with 405."""
    if not all(ending.statuses == (_NO_METHOD,) for ending in run.endings):
        return None
    place = _answered_at(run.endings[0]) or reader.place
    return _spot(place, "POST") if place is not None else None


def _answered_at(ending: RequestEnding) -> Place | None:
    answer = ending.path.answered or ending.value
    return answer.place if isinstance(answer, Response) else None


# failures that end well


def _failures(reader: Reader, run: Trace) -> tuple[list[SourceSpot], list[SourceSpot]]:
    """Return where errors of the work are caught and end in success: forgotten, or told in a body."""
    forgotten: dict[Place, SourceSpot] = {}
    admitted: dict[Place, SourceSpot] = {}
    steps = 0
    for site in _candidates(run):
        if steps > _MOST_STEPS:
            break
        failed = reader.run(replace(reader.world, fail_at=site.place))
        steps += failed.steps
        ending = _success_after_failure(failed)
        if ending is None or ending.path.caught is None or ending.path.instead:
            continue
        place = ending.path.caught
        into = admitted if not ending.path.in_catch and _tells(_body(ending)) else forgotten
        what = (
            f"An error of `{site.name}` is told in an answer of success"
            if into is admitted
            else site.name
        )
        into.setdefault(place, _spot(place, what))
    whole = [spot for place, spot in forgotten.items() if place not in admitted]
    return whole, list(admitted.values())


def _candidates(run: Trace) -> list[Site]:
    """Return the calls whose failure something may catch, those of the work itself."""
    left = {promise.place for promise in run.ledger.left()}
    chosen = [
        site
        for site in run.ledger.sites.values()
        if (site.guarded or site.place in run.ledger.shielded)
        and _is_work(site)
        and (site.awaited or is_python(site.place.file))
        and site.depth <= _DEEPEST_FAILURE
        and site.place not in left
        and not left & set(site.within)
    ]
    return sorted(chosen, key=lambda site: (not writes(site.name), site.depth))[:_MOST_FAILURES]


def _success_after_failure(run: Trace) -> RequestEnding | None:
    """Return how a failed call ends in success; ``None`` where any way of it does not."""
    if not run.is_complete:
        return None
    failed = [ending for ending in run.endings if ending.path.failed]
    if not failed or not all(_succeeds(ending) for ending in failed):
        return None
    return failed[-1]


def _succeeds(ending: RequestEnding) -> bool:
    if ending.thrown:
        return False
    if not ending.statuses:  # what a framework answers with 200
        return isinstance(ending.value, Plain | ObjectValue | ListValue)
    return all(status is not None and 0 < status < _OK for status in ending.statuses)


def _body(ending: RequestEnding) -> Value | None:
    answer = ending.path.answered or ending.value
    return answer.body if isinstance(answer, Response) else ending.value


def _tells(body: Value | None) -> bool:
    """Return whether a body says that something failed."""
    if isinstance(body, Unknown) and body.alternatives:
        return any(_tells(alternative) for alternative in body.alternatives)
    if body is None or isinstance(body, Plain):
        return False
    if Taint.FAILURE in taints_of(body):
        return True
    if not isinstance(body, ObjectValue):
        return isinstance(body, Unknown) and Taint.FAILURE in body.taints
    for key, value in body.cell.items():
        if key in {"success", "ok"} and isinstance(value, Plain) and value.value is False:
            return True
        if _COUNTED.search(key) and not isinstance(value, Plain):
            return True
        if isinstance(value, ObjectValue | ListValue) and _tells_inside(value):
            return True
    return False


def _tells_inside(value: ObjectValue | ListValue) -> bool:
    if isinstance(value, ListValue):
        return any(Taint.FAILURE in taints_of(item) for item in value.elements.values)
    return _tells(value)


def _soft(run: Trace) -> Iterator[SourceSpot]:
    """Yield the answers that say failure with a status of success."""
    seen: set[Place] = set()
    for ending in run.endings:
        if not _succeeds(ending):
            continue
        for answer in _answers(ending):
            body = answer.body
            key = _false_key(body)
            if (
                key
                and answer.place is not None
                and answer.place not in seen
                and answer.status == _PLAIN_OK
            ):
                seen.add(answer.place)
                yield _spot(answer.place, f"The answer says {key}: false with status 200")


def _answers(ending: RequestEnding) -> Iterator[Response]:
    answered = ending.path.answered or ending.value
    if isinstance(answered, Response):
        yield answered
    elif isinstance(answered, Unknown):
        yield from (
            alternative
            for alternative in answered.alternatives
            if isinstance(alternative, Response)
        )
    elif isinstance(answered, ObjectValue):
        yield Response(200, answered, ending.place)


def _false_key(body: Value | None) -> str:
    if isinstance(body, ObjectValue):
        for key in ("success", "ok"):
            value = body.cell.get(key)
            if isinstance(value, Plain) and value.value is False:
                return key
    return ""


def _silent(reader: Reader, run: Trace) -> SourceSpot | None:
    """Return a handler of ``(req, res)`` that never touches its response."""
    handler = reader.handler
    if handler.kind not in _REPLYING or handler.export != "default" or handler.route is not None:
        return None
    if "reply" in run.ledger.asked:
        return None
    for ending in run.endings:
        nothing = isinstance(ending.value, Plain) and not ending.thrown
        if ending.path.answered is not None or not nothing:
            return None
    return _spot(reader.place, "never answers") if reader.place is not None else None
