"""App-wide middleware and hooks before a path: Next's, SvelteKit's, Nuxt's and Astro's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.code import CodePlace
from cronshift.handlers.flow.django import django_gates
from cronshift.handlers.flow.following import goes_on
from cronshift.handlers.flow.gates import Gate, Way
from cronshift.handlers.flow.nest import nest_gates
from cronshift.handlers.flow.node_gates import node_gates
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.python_gates import python_gates
from cronshift.handlers.flow.requests import EVENT, REQUEST
from cronshift.handlers.flow.values import (
    Arguments,
    Closure,
    Native,
    ObjectValue,
    Outside,
    Unknown,
    Value,
)
from cronshift.handlers.middleware import matcher_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.resolving import Resolver
    from cronshift.model import Handler

_SOURCES = (".ts", ".js", ".mts", ".mjs")
_HOOKS = tuple(f"src/hooks.server{suffix}" for suffix in _SOURCES)
_ASTRO = tuple(f"{stem}{suffix}" for stem in ("src/middleware", "src/middleware/index") for suffix in _SOURCES)  # fmt: skip
_NEXT_EXPORTS = ("middleware", "proxy", "default")


def fronts_of(program: Program, resolver: Resolver, path: str) -> tuple[Gate, ...]:
    """Return the app-wide gates before a path."""
    if resolver.next.present:
        file = resolver.next.middleware
        base = resolver.next.config.base_path
        return tuple(_next(program, file, path.removeprefix(base) or "/")) if file else ()
    router = resolver.router
    folder = f"{resolver.app}/" if resolver.app else ""
    return tuple(_of_router(program, router.name, folder)) if router is not None else ()


def gates_of(program: Program, handler: Handler, path: str) -> Iterator[Gate]:
    """Yield the gates that a handler's own app runs first: ``use``, hooks, dependencies."""
    if handler.route is not None and is_python(handler.route.file):
        for file in dict.fromkeys((handler.file, handler.route.file)):
            yield from python_gates(program, file, handler.route)
        if handler.route.file.endswith("urls.py"):
            yield from django_gates(program, handler)
    elif handler.language in {"typescript", "javascript"}:
        yield from node_gates(program, handler, path)
        if handler.route is not None and "@Controller(" in program.tree.read(handler.route.file):
            folder = handler.file.partition("src/")[0] if "src/" in handler.file else ""
            yield from nest_gates(program, handler.route, folder)


def _next(program: Program, file: str, path: str) -> Iterator[Gate]:
    """Yield a Next.js middleware, where its matcher takes a path in or cannot be read."""
    root = program.tree.parsed(file)
    matcher = matcher_of(root) if root is not None else None
    line = matcher.line_before(path) if matcher is not None else 1
    if matcher is not None and line is None and matcher.complete:
        return
    exported = program.module(file).exported
    name = next((candidate for candidate in _NEXT_EXPORTS if candidate in exported), None)
    if name is not None:
        sure = matcher is not None and line is not None
        passed = (REQUEST, Unknown(name="event"))
        start = _calling(file, name, lambda: passed)
        yield Gate(start, Way.RETURN, file, line or 1, sure=sure, path=path)


def _of_router(program: Program, framework: str, folder: str) -> Iterator[Gate]:
    """Yield the hooks and the middleware of the other frameworks."""
    files = program.tree.files
    if framework == "sveltekit":
        hook = next((folder + name for name in _HOOKS if folder + name in files), None)
        if hook is not None and "handle" in program.module(hook).exported:
            yield Gate(_calling(hook, "handle", _svelte_event), Way.NEXT, hook, 1)
    elif framework == "astro":
        file = next((folder + name for name in _ASTRO if folder + name in files), None)
        if file is not None and "onRequest" in program.module(file).exported:
            yield Gate(_calling(file, "onRequest", _astro_context), Way.HOOK, file, 1)
    elif framework in {"nuxt", "nitro"}:
        folders = ["server/middleware", *(["middleware"] if framework == "nitro" else [])]
        for file in (file for below in folders for file in program.tree.under(folder + below)):
            if file.endswith(_SOURCES):
                yield Gate(_calling(file, "default", lambda: (EVENT,)), Way.RETURN, file, 1)


def _svelte_event() -> tuple[Value, ...]:
    return (ObjectValue({"event": EVENT, "resolve": goes_on()}, open=True),)


def _astro_context() -> tuple[Value, ...]:
    return (EVENT, goes_on())


def _calling(
    file: str, export: str, passed: Callable[[], tuple[Value, ...]]
) -> Callable[[Machine], Value | None]:
    def start(machine: Machine) -> Value | None:
        called = machine.exported(file, export)
        if not isinstance(called, Closure | Native):
            package = called.package if isinstance(called, Outside | Unknown) else ""
            return Unknown(name=export, package=package)
        return machine.call(called, Arguments(passed(), {}, CodePlace(file, 1, 1), export))

    return start
