"""Gates of Node apps: ``use`` of Hono, Express and Koa, hooks of Fastify and Elysia."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.code_routes import segments_of
from cronshift.handlers.flow.following import goes_on
from cronshift.handlers.flow.gates import Gate, Way
from cronshift.handlers.flow.handling import app_arguments, route_call
from cronshift.handlers.flow.javascript_code import JavaScript
from cronshift.handlers.flow.letting_by import last_name, lets_everybody_by
from cronshift.handlers.flow.nobody import SENT_AWAY
from cronshift.handlers.flow.values import (
    Arguments,
    Closure,
    Native,
    Outside,
    Response,
    Unknown,
    Value,
)
from cronshift.handlers.javascript import arguments as arguments_of
from cronshift.handlers.javascript import callee, line_of
from cronshift.handlers.node_registrations import is_app, routed_path
from cronshift.handlers.values import Expression, value
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler, PassedRouter

_HOOKS = ("addHook", "onRequest", "beforeHandle", "onBeforeHandle")
_USING = lazy_pattern(rf"\.(?:use|{'|'.join(_HOOKS)})\b")
_RUNNING = {
    "arrow_function",
    "function_expression",
    "identifier",
    "call_expression",
    "member_expression",
}
_GUARDING = {
    "basicAuth", "jwt", "jwk", "expressjwt", "requireAuth", "ClerkExpressRequireAuth",
    "ClerkExpressWithAuth", "auth",
}  # fmt: skip
_CHECKING = lazy_pattern(r"auth|verif|guard|secret|protect|token|jwt|session", re.IGNORECASE)
_SELDOM = lazy_pattern(
    r"cors|json|urlencoded|helmet|logger|morgan|compress|static|parser|raw|text|secureHeaders|"
    r"prettyJSON|requestId|timing|poweredBy|etag|limit|swagger|docs|cookie",
    re.IGNORECASE,
)
"""What seldom turns a caller away, by its text."""
_ROUTER = lazy_pattern(r"\b(Hono|OpenAPIHono|Elysia|Router|\w*[rR]out(?:e|es|er|ers)|app|\w*[aA]pi|express)\b(?!\.)")  # fmt: skip
_OF_ERRORS = 4  # parameters of what Express calls with an error
_LONGEST = 40  # characters of what a finding quotes


def node_gates(program: Program, handler: Handler, path: str) -> Iterator[Gate]:
    """Yield the gates that a handler's own app runs before it."""
    tree = program.tree
    if handler.route is not None:
        call = route_call(tree, handler.route, "GET")
        passed = arguments_of(call) if call is not None else []
        has_path = call is not None and routed_path(call) is None
        for node in passed[has_path:-1]:
            yield _gate(tree, handler.route.file, node, Way.NEXT)
    first = [handler.file] if handler.route is not None or is_app(tree, handler.file) else []
    for file in dict.fromkeys((*first, *(mount.place.file for mount in handler.way))):
        mounts = [mount for mount in handler.way if mount.place.file == file]
        yield from _used(tree, file, mounts, path)


def _used(tree: SourceTree, file: str, routers: list[PassedRouter], path: str) -> Iterator[Gate]:
    """Yield the gates that ``app.use(…)`` and ``addHook`` of a file's routers put before a path."""
    root = tree.parsed(file) if _USING.search(tree.read(file)) else None
    by_owner = {mount.owner: mount for mount in reversed(routers)}
    for call in root.find_all(kind="call_expression") if root is not None else ():
        called = call.field("function")
        verb = called.field("property") if called is not None else None
        name = verb.text() if verb is not None else ""
        if name != "use" and name not in _HOOKS:
            continue
        owner = called.field("object") if called is not None else None
        mount = by_owner.get(owner.text() if owner is not None else "") or next(iter(routers), None)
        if mount is not None and line_of(call) > mount.place.line:
            continue
        passed, below = arguments_of(call), _below(mount, path)
        way = Way.HOOK if name in _HOOKS else Way.NEXT
        for node in _running_before(tree, file, passed, below, is_hook=name == "addHook"):
            if node.kind() in _RUNNING:
                yield _gate(tree, file, node, way)


def _below(mount: PassedRouter | None, path: str) -> str:
    """Return a path as a router sees it: without the prefix that it is mounted at."""
    mounted_at = len(segments_of(mount.prefix)) if mount is not None else 0
    return "/" + "/".join([part for part in path.split("/") if part][mounted_at:])


def _running_before(
    tree: SourceTree, file: str, passed: list[SgNode], path: str, *, is_hook: bool
) -> list[SgNode]:
    """Return the arguments of a call that run before a path."""
    if is_hook:
        return passed[1:]
    first = value(tree, Expression(file, passed[0])) if len(passed) > 1 else None
    if not isinstance(first, str | list):
        return passed
    prefixes = first if isinstance(first, list) else [first]
    takes_in = any(isinstance(prefix, str) and _takes_in(prefix, path) for prefix in prefixes)
    return passed[1:] if takes_in else []


def _takes_in(pattern: str, path: str) -> bool:
    """Return whether a path of ``use`` takes in another: itself, and all below it."""
    stem = re.split(r"[*:]", pattern)[0].rstrip("/")
    return not stem or path == stem or path.startswith(f"{stem}/")


def _gate(tree: SourceTree, file: str, node: SgNode, way: Way) -> Gate:
    lower = JavaScript(file)

    def start(machine: Machine) -> Value | None:
        called = machine.value(lower.expression(node), machine.module(file))
        place = lower.place(node)
        if isinstance(called, Closure) and len(called.function.parameters) == _OF_ERRORS:
            return goes_on().call(
                machine, Arguments((), {}, place)
            )  # it runs where something failed
        if isinstance(called, Closure | Native):
            passed = Arguments(app_arguments(tree, file), {}, place, "middleware")
            return machine.call(called, passed)
        return _unfollowed(machine, called, node, place)

    return Gate(start, way, file, line_of(node))


def _unfollowed(machine: Machine, called: Value, node: SgNode, place: CodePlace) -> Value:
    """Return the result of a middleware that is known only by its name."""
    text = " ".join(node.text().split())
    name = callee(node).rpartition(".")[2] if node.kind() == "call_expression" else ""
    names = {name, last_name(called)} - {""}
    package = called.package if isinstance(called, Outside | Unknown) else ""
    if _GUARDING & names:
        return Response(401, None, place, how=SENT_AWAY)
    is_harmless = lets_everybody_by(called, name, text)
    if not is_harmless and not _ROUTER.search(text) and not any(map(_ROUTER.fullmatch, names)):
        machine.path.unfollowed |= {f"stands in front with {package or text[:_LONGEST]}"}
        if _CHECKING.search(text) and not _SELDOM.search(text):
            machine.path.doubts |= {f"stands in front with {package or text[:_LONGEST]}"}
    return goes_on().call(machine, Arguments((), {}, place))
