"""What the whole app runs before a path: Next's middleware, SvelteKit's hooks, Nuxt's and Astro's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import Place
from cronshift.handlers.flow.following import Passage, follow, goes_on
from cronshift.handlers.flow.handling import Gate
from cronshift.handlers.flow.reader import passage_of
from cronshift.handlers.flow.requests import EVENT, REQUEST
from cronshift.handlers.flow.values import Arguments, Closure, Native, ObjectValue, Unknown, Value
from cronshift.handlers.middleware import matcher_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.flow.worlds import World
    from cronshift.handlers.resolving import Resolver

_SOURCES = (".ts", ".js", ".mts", ".mjs")
_HOOKS = ("src/hooks.server.ts", "src/hooks.server.js")
_ASTRO = ("src/middleware.ts", "src/middleware.js", "src/middleware/index.ts")
_NEXT_EXPORTS = ("middleware", "proxy", "default")


def fronts_of(program: Program, resolver: Resolver, path: str) -> tuple[Gate, ...]:
    """Return what the whole app runs before a path."""
    if resolver.next.present:
        file = resolver.next.middleware
        base = resolver.next.config.base_path
        return tuple(next_fronts(program, file, path.removeprefix(base) or "/")) if file else ()
    router = resolver.router
    folder = f"{resolver.app}/" if resolver.app else ""
    return tuple(other_fronts(program, router.name, folder)) if router is not None else ()


def refusing(fronts: Sequence[Gate], program: Program, world: World) -> Iterator[Gate]:
    """Yield what surely turns a call away."""
    for gate in fronts:
        run = follow(program, world, gate.start)
        if run.is_complete and passage_of(gate, run) is Passage.NO:
            yield gate


def next_fronts(program: Program, file: str, path: str) -> Iterator[Gate]:
    """Yield a Next.js middleware, where its matcher takes a path in or cannot be read."""
    root = program.tree.parsed(file)
    matcher = matcher_of(root) if root is not None else None
    line = 1
    if matcher is not None and matcher.complete:
        taking = matcher.line_before(path)
        if taking is None:
            return
        line = taking
    exported = program.module(file).exported
    name = next((candidate for candidate in _NEXT_EXPORTS if candidate in exported), None)
    if name is None:
        return

    def start(machine: Machine) -> Value | None:
        called = machine.exported(file, name)
        arguments = Arguments((REQUEST, Unknown(name="event")), {}, Place(file, line, 1), name)
        if not isinstance(called, Closure | Native):
            return Unknown(name=name)
        return machine.call(called, arguments)

    sure = matcher is not None and matcher.complete
    yield Gate(start, by_next=False, file=file, line=line, sure=sure)


def other_fronts(program: Program, framework: str | None, folder: str = "") -> Iterator[Gate]:
    """Yield the hooks and the middleware of the other frameworks."""
    files = program.tree.files
    if framework == "sveltekit":
        hook = next((folder + name for name in _HOOKS if folder + name in files), None)
        if hook is not None and "handle" in program.module(hook).exported:
            yield _hooked(hook)
    elif framework == "astro":
        file = next((folder + name for name in _ASTRO if folder + name in files), None)
        if file is not None and "onRequest" in program.module(file).exported:
            yield _called(file, "onRequest", lambda: (EVENT, goes_on()), by_next=True)
    elif framework == "nuxt":
        for file in program.tree.under(f"{folder}server/middleware"):
            if file.endswith(_SOURCES):
                yield _called(file, "default", lambda: (EVENT,), by_next=False)


def _hooked(file: str) -> Gate:
    def values() -> tuple[Value, ...]:
        return (ObjectValue({"event": EVENT, "resolve": goes_on()}, open=True),)

    return _called(file, "handle", values, by_next=True)


def _called(
    file: str, export: str, values: Callable[[], tuple[Value, ...]], *, by_next: bool
) -> Gate:
    def start(machine: Machine) -> Value | None:
        called = machine.exported(file, export)
        if not isinstance(called, Closure | Native):
            return Unknown(name=export)
        return machine.call(called, Arguments(values(), {}, Place(file, 1, 1), export))

    return Gate(start, by_next=by_next, file=file, line=1)
