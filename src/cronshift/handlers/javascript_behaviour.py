"""What a JavaScript or TypeScript handler does: read from its syntax, never run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cronshift.handlers.behaviour import (
    LONGEST_DURATION,
    READING,
    SIDE_WORK,
    Behaviour,
    Loose,
    Spot,
)
from cronshift.handlers.javascript import (
    CHAINED,
    FUNCTIONS,
    METHODS,
    Definition,
    arguments,
    callee,
    constant,
    define,
    exports,
    imports,
    line_of,
    own_nodes,
)
from cronshift.handlers.javascript import locally as locally_defined
from cronshift.handlers.javascript_answers import Answers, spot_of
from cronshift.handlers.javascript_auth import auth_of
from cronshift.model import HandlerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler, Location

_LOOPS = {"forEach", "map"}
_TIMERS = {"setTimeout", "setImmediate", "setInterval", "queueMicrotask"}
_PROCESSES = {"spawn", "exec", "fork", "execFile"}
_AFTER = re.compile(r"(^|\.)(after|unstable_after|waitUntil)$")
_MAJOR = re.compile(r"[\^~>=v\s]*(\d+)(?:\.|$)")
_CACHES_GET = 14  # the last major of Next that keeps the answers of GET
_DYNAMIC = re.compile(r"next/headers|no-store|noStore|\bconnection\(")
_HANDED_ON = re.compile(r"(?:return )?(?:await )?(\w+)\( ?\w+(?: ?, ?\w+)* ?\);?")


def _duration(root: SgNode) -> int | None:
    """Return the seconds that a file says it may run for."""
    duration = _setting(root, "maxDuration")
    if duration == "max":
        return LONGEST_DURATION
    return duration if isinstance(duration, int) and not isinstance(duration, bool) else None


def _runtime(root: SgNode) -> str | None:
    runtime = _setting(root, "runtime")
    return runtime if isinstance(runtime, str) else None


def _setting(root: SgNode, name: str) -> Any:
    """Return what a file exports under a name, or in ``config`` as the pages router has it."""
    own = constant(root, name)
    config = constant(root, "config") if own is None else None
    return config.get(name) if isinstance(config, dict) else own


def behaviour_of(tree: SourceTree, handler: Handler) -> Behaviour:
    """Return what the source of a JavaScript or TypeScript handler shows."""
    root = tree.parsed(handler.file)
    if root is None:
        return Behaviour()
    if handler.route is not None:
        found = _declared(tree, handler.route)
    else:
        found = define(tree, handler.file, handler.export)
    if found is None or found.node.kind() not in FUNCTIONS:
        return Behaviour(max_duration=_duration(root), runtime=_runtime(root))
    return _Reading(tree, handler, root, _delegated(tree, found)).behaviour()


def _declared(tree: SourceTree, place: Location) -> Definition | None:
    """Return the function that a route in code is given: the last argument of its call."""
    root = tree.parsed(place.file)
    for call in root.find_all(kind="call_expression") if root is not None else ():
        called, given = call.field("function"), arguments(call)
        verb = called.field("property") if called is not None else None
        if verb is None or line_of(verb) != place.line or not given:
            continue
        if given[-1].kind() in FUNCTIONS:
            return Definition(place.file, given[-1], tuple(node.text() for node in given[1:-1]))
        if given[-1].kind() == "identifier":
            return locally_defined(tree, place.file, given[-1].text())
    return None


def _delegated(tree: SourceTree, found: Definition) -> Definition:
    """Return the function to which one hands all it is given: ``GET`` that returns ``POST(request)``."""
    body = found.node.field("body")
    if body is None:
        return found
    statements = [one for one in body.children() if one.is_named()]
    if body.kind() == "statement_block":
        if len(statements) != 1:
            return found
        body = statements[0]
    match = _HANDED_ON.fullmatch(" ".join(body.text().split()))
    other = locally_defined(tree, found.file, match[1]) if match else None
    return other if other is not None and other.node.kind() in FUNCTIONS else found


@dataclass
class _Reading:
    """One handler being read."""

    tree: SourceTree
    handler: Handler
    root: SgNode
    found: Definition

    @cached_property
    def body(self) -> SgNode:
        """The function's body, or its one expression."""
        return self.found.node.field("body") or self.found.node

    @cached_property
    def own(self) -> list[SgNode]:
        """Every node of the function that belongs to no function inside it."""
        return list(own_nodes(self.body))

    def spot(self, node: SgNode, what: str) -> Spot:
        """Return a spot of this function's file."""
        return spot_of(self.found.file, node, what)

    def behaviour(self) -> Behaviour:
        """Return all of it."""
        answers = Answers(self.found.file, self.body, self.own)
        text = self.found.node.text()
        schedule = re.search(r"x-vercel-cron-schedule", text, re.IGNORECASE)
        line = line_of(self.found.node) + text.count("\n", 0, schedule.start()) if schedule else 0
        return Behaviour(
            work=Spot(self.found.file, self.found.line, self.handler.export),
            stub=self._stub(),
            loose=tuple(self._loose()),
            swallowed=tuple(answers.swallowed()),
            soft=tuple(answers.soft()),
            refuses_get=answers.refuses_get(),
            auth=auth_of(self.tree, self.handler, self.found),
            auth_spot=self.spot(self.found.node, ""),
            max_duration=_duration(self.root),
            runtime=_runtime(self.root),
            cached=self._cached(),
            streams=self._streams(),
            silent=self._silent(),
            reads_schedule=Spot(self.found.file, line, "x-vercel-cron-schedule")
            if schedule
            else None,
            reads_query=bool(re.search(r"searchParams|\.query\b|nextUrl\.search", text)),
            side_effects=tuple(self._side_effects()),
        )

    def _loose(self) -> Iterator[tuple[Loose, Spot]]:
        works = self._awaits_work()
        for node in self.own:
            if node.kind() != "expression_statement":
                continue
            expression = node.child(0)
            told = self._floating(expression) if expression is not None else None
            if expression is None or told is None:
                continue
            name, certain = told
            if _AFTER.search(name) and works and _only_side_work(expression):
                continue  # what `after` is for
            if _AFTER.search(name):
                yield Loose.AFTER, self.spot(node, f"{name}(…)")
            elif not certain and (works or SIDE_WORK.search(callee(expression))):
                yield Loose.SIDE, self.spot(node, expression.text())
            else:
                yield Loose.MAIN, self.spot(node, expression.text())

    def _floating(self, node: SgNode) -> tuple[str, bool] | None:
        """Return what a statement starts and leaves, and whether it is surely the work itself."""
        kind = node.kind()
        if kind == "unary_expression" and node.text().startswith("void"):
            inner = next((c for c in node.children() if c.kind() == "call_expression"), None)
            return (callee(inner), False) if inner is not None else None
        if kind != "call_expression":
            return None
        if _AFTER.search(callee(node)):
            return callee(node), False
        called = node.field("function")
        if called is None:
            return None
        if called.kind() == "parenthesized_expression":
            inner = called.child(1)
            return ("async () => …", True) if inner is not None and _is_async(inner) else None
        if called.kind() == "member_expression":
            return self._floating_method(node, called)
        return self._floating_call(node, called.text())

    def _floating_method(self, node: SgNode, called: SgNode) -> tuple[str, bool] | None:
        """Judge ``list.forEach(async …)``, ``promise.then(…)`` and ``child_process.spawn(…)``."""
        name, verb = called.text(), called.field("property")
        last = verb.text() if verb is not None else ""
        first = next(iter(arguments(node)), None)
        if last in _LOOPS:
            if first is None or not _is_async(first):
                return None
            return name, not _only_side_work(first)
        if last in CHAINED:
            return name, False
        return (
            (name, False) if last in _PROCESSES and self._is_from(name, "child_process") else None
        )

    def _floating_call(self, node: SgNode, name: str) -> tuple[str, bool] | None:
        """Judge ``setTimeout(async …)``, ``fetch(…)``, ``spawn(…)`` and async functions of ours."""
        first = next(iter(arguments(node)), None)
        if name in _TIMERS:
            text = first.text() if first is not None and first.kind() in FUNCTIONS else ""
            return (name, False) if re.search(r"^async\b|\bawait\b|\.then\(", text) else None
        if name in _PROCESSES and self._is_from(name, "child_process"):
            return name, False
        return (name, False) if name == "fetch" or self._is_async_function(name) else None

    def _is_from(self, name: str, module: str) -> bool:
        root = self.tree.parsed(self.found.file)
        source = imports(root).get(name.partition(".")[0]) if root is not None else None
        return source is not None and source[0].removeprefix("node:") == module

    def _is_async_function(self, name: str) -> bool:
        """Return whether a name is an async function of this project."""
        found = locally_defined(self.tree, self.found.file, name)
        return found is not None and _is_async(found.node)

    def _awaits_work(self) -> bool:
        """Return whether the function waits for something that does more than look."""
        for node in self.own:
            if node.kind() == "await_expression":
                call = node.child(1)
                name = callee(call) if call is not None and call.kind() == "call_expression" else ""
                if name and not READING.search(name) and not SIDE_WORK.search(name):
                    return True
        return False

    def _stub(self) -> Spot | None:
        """Return the method that does the work, when GET only says something."""
        if self.handler.export != "GET" or self._works(self.body):
            return None
        known = exports(self.root)
        for method in METHODS[1:]:
            other = define(self.tree, self.handler.file, method) if method in known else None
            if other is None or other.node.kind() not in FUNCTIONS:
                continue
            body = other.node.field("body")
            same = other.file == self.found.file and other.line == self.found.line
            if body is not None and not same and self._works(body):
                return Spot(other.file, other.line, method)
        return None

    @staticmethod
    def _works(body: SgNode) -> bool:
        """Return whether a function calls anything but what makes an answer."""
        for call in body.find_all(kind="call_expression"):
            name = callee(call)
            harmless = r"(Next)?Response|JSON|Date|Object|Math|console|res|String|Number|new "
            if not re.match(rf"({harmless})\b", name) and name not in {"json", "c.json", "c.text"}:
                return True
        return False

    def _cached(self) -> Spot | None:
        if self.handler.kind in {HandlerKind.SVELTEKIT, HandlerKind.ASTRO}:
            is_built = constant(self.root, "prerender") is True
            line = exports(self.root)["prerender"].line if is_built else 1
            return Spot(self.handler.file, line, "prerender = True") if is_built else None
        for name, bad in (("dynamic", ("force-static", "error")), ("revalidate", None)):
            value = constant(self.root, name)
            if (bad and value in bad) or (
                bad is None and isinstance(value, int) and value > 0 and value is not True
            ):
                export = exports(self.root)[name]
                return Spot(self.handler.file, export.line, f"{name} = {value!r}")
        return self._cached_by_default()

    def _cached_by_default(self) -> Spot | None:
        """Return a GET that Next up to 14 answers from its build: it looks at nothing of the request.

        Source: Next.js 14 docs, Route Handlers, "Caching" and "Opting out of caching".
        """
        major = _MAJOR.match(self.tree.dependencies.get("next", ""))
        known = exports(self.root)
        takes_nothing = not self.found.wrappers and not _parameters(self.found.node)
        if not major or int(major[1]) > _CACHES_GET or not takes_nothing:
            return None
        if {"dynamic", "revalidate", *METHODS[1:]} & set(known):
            return None
        if _DYNAMIC.search(self.tree.read(self.found.file)):
            return None
        return self.spot(
            self.found.node, f"Next {major[1]}, whose GET asks nothing of the request,"
        )

    def _streams(self) -> Spot | None:
        for node in self.own:
            if node.kind() == "new_expression" and node.text().startswith(
                ("new ReadableStream", "new TransformStream")
            ):
                return self.spot(node, node.text())
        return None

    def _silent(self) -> Spot | None:
        """Return a handler of ``(req, res)`` that never touches its response."""
        if self.handler.kind.value not in {"next-pages", "node-function"} or self.found.wrappers:
            return None
        if self.handler.export != "default" or self.found.node.field("parameters") is None:
            return None
        listed = self.found.node.field("parameters")
        names = [child for child in listed.children() if child.is_named()] if listed else []
        text = self.body.text()
        if len(names) >= 2:  # noqa: PLR2004 - request and response
            name = (names[1].field("pattern") or names[1]).text()
            answers = re.search(rf"\b{re.escape(name)}\b", text)
        else:
            answers = re.search(r"\breturn\b|\bres\b|Response", text)
        return None if answers else self.spot(self.found.node, "never answers")

    def _side_effects(self) -> Iterator[Spot]:
        """Yield what runs when the module is loaded: once a start of the function, not once a tick."""
        for node in self.root.children():
            inner = node.child(0) if node.kind() == "expression_statement" else None
            if inner is None:
                continue
            call = inner.child(1) if inner.kind() == "await_expression" else inner
            if call is None or call.kind() != "call_expression":
                continue
            name = callee(call)
            if (
                inner.kind() == "await_expression"
                or name == "process.exit"
                or ("." not in name and self._is_async_function(name))
            ):
                yield Spot(self.handler.file, line_of(node), " ".join(inner.text().split())[:60])


def _only_side_work(node: SgNode) -> bool:
    """Return whether all that is called in an expression is work beside the handler's own."""
    calls = node.find_all(kind="call_expression")
    names = [name for call in calls if (name := callee(call)) and not _AFTER.search(name)]
    return bool(names) and all(SIDE_WORK.search(name) for name in names)


def _parameters(function: SgNode) -> list[SgNode]:
    """Return the parameters of a function."""
    listed = function.field("parameters") or function.field("parameter")
    return [one for one in listed.children() if one.is_named()] if listed is not None else []


def _is_async(node: SgNode) -> bool:
    return node.kind() in FUNCTIONS and any(child.kind() == "async" for child in node.children())
