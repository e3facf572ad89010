"""What stands before a path: does a call without a session get there?

One model, asked for an entry, the Inngest endpoint and the dispatcher alike: redirects and slashes,
then a middleware (Next.js), a ``handle`` (SvelteKit), middleware of Astro and Nuxt, ``use`` (Hono,
Express), each with what it imports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import exports
from cronshift.handlers.middleware import matcher_of
from cronshift.handlers.standing.answers import Answer, LetsBy, Stops, Untold, together
from cronshift.handlers.standing.servers import before_route
from cronshift.handlers.standing.things import Call, Caller, Native, Thing
from cronshift.handlers.standing.walking import Walker
from cronshift.handlers.verdict import Verdict
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers import Resolver

_MIDDLEWARE = ("default", "middleware", "proxy")
_SUFFIXES = ("ts", "js", "mts", "mjs")


@dataclass(frozen=True, slots=True)
class Front:
    """What stands before a path.

    Attributes:
        file: the file that decides.
        line: of the matcher that takes in the path, where there is one, else where it stops.
    """

    answer: Answer
    file: str = ""
    line: int = 1


def front_of(resolver: Resolver, path: str, caller: Caller = Caller.VERCEL) -> Front:
    """Return what becomes of a call to a path before it gets there, redirects and slashes first."""
    moved = resolver.redirect(path.partition("?")[0])
    if moved is None:
        return code_before(resolver, path, caller)
    file = resolver.next.config.file if resolver.next.present else None
    place = Location(file or "vercel.json", 1)
    how = f"sends callers to {moved.target} ({moved.why})"
    is_stop = caller is Caller.VERCEL  # Vercel's cron goes after no redirect; Inngest may
    return Front(Stops(place, how) if is_stop else Untold(place, how), place.file)


def code_before(resolver: Resolver, path: str, caller: Caller = Caller.VERCEL) -> Front:
    """Return what the app's own code makes of a call before it gets to its path."""
    call = Call(path.partition("?")[0], caller)
    fronts = list(_fronts(resolver, call))
    stopping = [front for front in fronts if isinstance(front.answer, Stops)]
    untold = [front for front in fronts if isinstance(front.answer, Untold)]
    return next(iter([*stopping, *untold]), Front(LetsBy()))


def _fronts(resolver: Resolver, call: Call) -> Iterator[Front]:
    if resolver.next.present:
        base = resolver.next.config.base_path
        yield from _next(resolver, replace(call, path=call.path.removeprefix(base) or "/"))
        return
    router = resolver.router.name if resolver.router is not None else ""
    if router == "sveltekit":
        given: list[object] = [{"event": Thing.EVENT, "resolve": Native(lambda *_: LetsBy())}]
        yield from _hooked(resolver, call, ("src/hooks.server",), "handle", given)
    elif router == "astro":
        given = [Thing.CONTEXT, Native(lambda *_: LetsBy())]
        yield from _hooked(resolver, call, ("src/middleware", "src/middleware/index"), "onRequest", given)  # fmt: skip
    elif router in {"nuxt", "nitro"}:
        folders = (
            "server/middleware/",
            "middleware/" if router == "nitro" else "server/middleware/",
        )
        for file in sorted(resolver.tree.files):
            if file.startswith(folders) and file.endswith((".ts", ".js", ".mjs")):
                yield _judged(resolver, call, file, "default", [Thing.EVENT])
    else:
        resolution = resolver.resolve(call.path)
        handler = resolution.handler
        is_read = handler is not None and handler.language in {"typescript", "javascript"}
        if resolution.verdict is Verdict.ANSWERED and handler is not None and is_read:
            for answer in before_route(resolver.tree, handler, call):
                yield _front(answer)


def _next(resolver: Resolver, call: Call) -> Iterator[Front]:
    file = resolver.next.middleware
    root = resolver.tree.parsed(file) if file else None
    if file is None or root is None:
        return
    matcher = matcher_of(root)
    line = matcher.line_before(call.path) if matcher is not None else 1
    if matcher is not None and line is None and matcher.complete:
        return
    walker = Walker(resolver.tree, call)
    name = next((one for one in _MIDDLEWARE if one in exports(root)), "default")
    value = walker.exported(file, name)
    place = Location(file, 1)
    answer = together(walker.outcome(value, [Thing.REQUEST, Thing.EVENT], place))
    if isinstance(answer, Stops) and (matcher is None or line is None):
        answer = Untold(
            answer.place, f"{answer.how} where its matcher says so, which code computes"
        )
    yield Front(answer, file, line or 1)


def _hooked(
    resolver: Resolver, call: Call, stems: tuple[str, ...], export: str, given: Sequence[object]
) -> Iterator[Front]:
    names = [f"{stem}.{suffix}" for stem in stems for suffix in _SUFFIXES]
    file = next((name for name in names if name in resolver.tree.files), None)
    if file is not None:
        yield _judged(resolver, call, file, export, given)


def _judged(
    resolver: Resolver, call: Call, file: str, export: str, given: Sequence[object]
) -> Front:
    walker = Walker(resolver.tree, call)
    value = walker.exported(file, export)
    return _front(together(walker.outcome(value, given, Location(file, 1))))


def _front(answer: Answer) -> Front:
    place = None if isinstance(answer, LetsBy) else answer.place
    return Front(answer, place.file if place else "", place.line if place else 1)


__all__ = ["Answer", "Caller", "Front", "LetsBy", "Stops", "Untold", "code_before", "front_of"]
