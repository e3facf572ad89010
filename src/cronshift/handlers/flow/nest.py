"""The guards that Nest runs before a controller's method: its own, the class's, the app's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.flow.answers import replying
from cronshift.handlers.flow.code import CodePlace
from cronshift.handlers.flow.following import goes_on
from cronshift.handlers.flow.gates import Gate, Way
from cronshift.handlers.flow.javascript_code import JavaScript
from cronshift.handlers.flow.nest_marks import Marks
from cronshift.handlers.flow.nest_services import instance_of
from cronshift.handlers.flow.nobody import SENT_AWAY
from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.requests import (
    HEADERS,
    NO_HEADER,
    NO_QUERY,
    QUERY,
    REQUEST,
    header,
    query,
)
from cronshift.handlers.flow.values import (
    NOTHING,
    Arguments,
    ClassValue,
    Closure,
    Native,
    NativeObject,
    ObjectValue,
    Outside,
    PlainValue,
    Response,
    Scope,
    Unknown,
    Value,
    truth,
)
from cronshift.handlers.javascript import arguments as arguments_of
from cronshift.handlers.javascript import line_of
from cronshift.handlers.literals import pairs
from cronshift.handlers.node_registrations import decorator_of
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ast_grep_py import SgNode

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.program import Program
    from cronshift.model import Location

_HARMLESS = ("Throttler", "Roles")
_FORBIDDEN = 403
_CHECKING = lazy_pattern(r"auth|guard|key|secret|cron|token|role|permission|admin", re.IGNORECASE)


def nest_gates(program: Program, route: Location, folder: str) -> Iterator[Gate]:
    """Yield the guards of a controller's method, in the order in which Nest asks them."""
    root = program.tree.parsed(route.file)
    method = method_at(root, route.line) if root is not None else None
    if method is None:
        return
    decorators = [*_before(method), *_of_class(method)]
    for file, node in _consumed(program, folder):
        yield _middleware(file, node)
    for file, node in _of_app(program, folder):
        yield _gate(file, node, route.file, decorators)
    for decorator in reversed(decorators):
        called = decorator.child(1)
        if called is not None:
            yield _gate(route.file, called, route.file, decorators, is_decorator=True)


def method_at(root: SgNode, line: int) -> SgNode | None:
    """Return the method below a decorator that stands in a line."""
    if "@" not in root.text():  # which a module with a route a job is asked for each
        return None
    for node in root.find_all(kind="method_definition"):
        if any(line_of(decorator) == line for decorator in _before(node)):
            return node
    return None


def nest_arguments(machine: Machine, route: Location) -> tuple[Value, ...]:
    """Return the values that Nest gives to a method's parameters, as their decorators ask; none elsewhere."""
    root = machine.program.tree.parsed(route.file)
    method = method_at(root, route.line) if root is not None else None
    parameters = method.field("parameters") if method is not None else None
    return tuple(
        _argument(machine, node)
        for node in (parameters.children() if parameters is not None else ())
        if node.kind() in {"required_parameter", "optional_parameter"}
    )


def _argument(machine: Machine, node: SgNode) -> Value:
    """Return the value of ``@Headers("authorization")``, ``@Query("part")`` or ``@Req()``."""
    decorator = next((child for child in node.children() if child.kind() == "decorator"), None)
    name, part = decorator_of(decorator) if decorator is not None else ("", None)
    if name == "Headers":
        return header(machine, part, NO_HEADER) if part else HEADERS
    if name == "Query":
        return query(machine, part, NO_QUERY) if part else QUERY
    if name in {"Req", "Request"}:
        return REQUEST
    return replying() if name in {"Res", "Response"} else Unknown(name="given")


def _before(node: SgNode) -> Iterator[SgNode]:
    """Yield the decorators of a method, or of a class."""
    yield from (child for child in node.children() if child.kind() == "decorator")
    above = node.prev()
    while above is not None and above.kind() in {"decorator", "comment"}:
        if above.kind() == "decorator":
            yield above
        above = above.prev()


def _of_class(method: SgNode) -> Iterator[SgNode]:
    for outer in method.ancestors():
        if outer.kind() in {"class_declaration", "abstract_class_declaration"}:
            yield from _before(outer)
            parent = outer.parent()
            if parent is not None and parent.kind() == "export_statement":
                yield from _before(parent)
            return


def _of_app(program: Program, folder: str) -> Iterator[tuple[str, SgNode]]:
    """Yield the guards of the whole app: ``useGlobalGuards(…)``, and those of ``APP_GUARD``."""
    for file in program.tree.under(f"{folder}src"):
        text = program.tree.read(file) if file.endswith(".ts") else ""
        root = (
            program.tree.parsed(file) if "APP_GUARD" in text or "useGlobalGuards" in text else None
        )
        for call in root.find_all(pattern="$APP.useGlobalGuards($$$)") if root is not None else ():
            yield from ((file, node) for node in arguments_of(call))
        for node in root.find_all(kind="object") if root is not None else ():
            provider = dict(pairs(node))
            if "provide" in provider and provider["provide"].text() == "APP_GUARD":
                made = [
                    provider[name]
                    for name in ("useClass", "useExisting", "useFactory")
                    if name in provider
                ]
                yield from ((file, guard) for guard in made)


_EVERYWHERE = lazy_pattern(
    r"""\.forRoutes\(\s*(?:["'`](?:/?\{?[/*]\w*\}?|\(\.\*\))["'`]|\{\s*path:\s*["'`]\*)"""
)


def _consumed(program: Program, folder: str) -> Iterator[tuple[str, SgNode]]:
    """Yield the middleware that ``consumer.apply(…).forRoutes("*")`` puts before every route but those it excludes."""
    for file in program.tree.under(f"{folder}src"):
        text = program.tree.read(file) if file.endswith(".ts") else ""
        root = program.tree.parsed(file) if ".forRoutes(" in text else None
        for call in root.find_all(pattern="$CONSUMER.apply($$$)") if root is not None else ():
            outer = call.parent()
            chain = outer.parent() if outer is not None else None
            if chain is not None and _EVERYWHERE.search(chain.text()):
                yield from ((file, node) for node in arguments_of(call))


def _middleware(file: str, node: SgNode) -> Gate:
    """Return the gate of a middleware of a module: a class's ``use``, or a function."""
    lower = JavaScript(file)

    def start(machine: Machine) -> Value | None:
        called = machine.value(lower.expression(node), machine.module(file))
        place = lower.place(node)
        if isinstance(called, ClassValue):
            made = machine.call(called, Arguments((), {}, place, called.code.name))
            called = machine.method(made, called, "use") or Unknown()
        passed = Arguments((REQUEST, replying(), goes_on()), {}, place, "use")
        if isinstance(called, Closure | Native):
            return machine.call(called, passed)
        if _CHECKING.search(node.text()):
            machine.path.doubts |= {f"stands in front with {node.text()}"}
        return machine.call(goes_on(), passed)

    return Gate(start, Way.NEXT, file, line_of(node))


def _gate(
    file: str,
    node: SgNode,
    controller: str,
    decorators: Sequence[SgNode],
    *,
    is_decorator: bool = False,
) -> Gate:
    place = CodePlace(file, line_of(node), node.range().start.column + 1)

    def start(machine: Machine) -> Value | None:
        made = machine.value(JavaScript(file).expression(node), machine.module(file))
        marks = Marks(controller, decorators)
        for guard in _guards(machine, made, node) if is_decorator else [made]:
            answer = _asked(machine, guard, place, marks)
            if answer is not NOTHING:
                return answer
        return NOTHING

    return Gate(start, Way.RETURN, file, place.line)


def _guards(machine: Machine, mark: Value, node: SgNode) -> list[Value]:
    """Return the guards that a decorator puts before a method, also where it is made of others."""
    if isinstance(mark, NativeObject) and mark.name == "guards":
        return list(mark.data) if isinstance(mark.data, tuple) else []
    if isinstance(mark, NativeObject) and mark.name == "decorators":
        parts = mark.data if isinstance(mark.data, tuple) else ()
        return [guard for part in parts for guard in _guards(machine, part, node)]
    is_of_nest = isinstance(mark, Outside | Unknown) and mark.package.startswith("@nestjs/")
    is_plain = isinstance(mark, Closure) and not _CHECKING.search(node.text())
    if not (is_of_nest or is_plain or isinstance(mark, NativeObject)):
        machine.path.doubts |= {f"stands behind @{node.text()[:40]}, which is not followed"}
    return []


def _asked(machine: Machine, guard: Value, place: CodePlace, marks: Marks) -> Value:
    """Return the answer of a guard: its ``canActivate``, or the known answer of a package's."""
    if isinstance(guard, ClassValue):
        instance: Value = instance_of(machine, guard, marks)
        kind: ClassValue | None = guard
    else:
        instance, kind = guard, guard.of if isinstance(guard, ObjectValue) else None
    if kind is None:
        return _of_package(machine, guard, place)
    method = machine.method(instance, kind, "canActivate")
    parent = machine.value(kind.code.bases[0], kind.scope) if kind.code.bases else None
    handling = machine.method(instance, kind, "handleRequest")
    if not isinstance(method, Closure):
        return _of_parent(machine, parent, handling, place) if parent is not None else Unknown()
    scope = Scope(kind.scope.file, {"super": _parent(parent, handling, place)}, method.scope)
    asking = Closure(method.function, scope, instance)
    answer = machine.awaited(machine.call(asking, Arguments((_CONTEXT,), {}, place, "canActivate")))
    parts = answer.alternatives if isinstance(answer, Unknown) else ()
    if parts:
        return Unknown(answer.taints, tuple(_decided(part, place) for part in parts))
    return _decided(answer, place)


def _decided(answer: Value, place: CodePlace) -> Value:
    if truth(answer) is None:
        return answer
    return NOTHING if truth(answer) else Response(_FORBIDDEN, None, place)


def _of_package(machine: Machine, guard: Value, place: CodePlace) -> Value:
    name = guard.name if isinstance(guard, Outside | Unknown) else ""
    if _is_passport(guard):
        return Response(401, None, place, how=SENT_AWAY)
    if not name.startswith(_HARMLESS):
        machine.path.doubts |= {f"asks {name or 'a guard'}, which is not followed"}
    return NOTHING


def _of_parent(machine: Machine, parent: Value, handling: Value | None, place: CodePlace) -> Value:
    """Return the answer of a package's guard; Passport's leaves it to ``handleRequest``, where there is one."""
    if _is_passport(parent) and isinstance(handling, Closure):
        passed = (PlainValue(None), PlainValue(value=False), Unknown(), _CONTEXT)
        machine.awaited(machine.call(handling, Arguments(passed, {}, place, "handleRequest")))
        return NOTHING
    return _of_package(machine, parent, place)


def _is_passport(guard: Value) -> bool:
    return isinstance(guard, Outside | Unknown) and guard.name.rpartition(".")[2] == "AuthGuard"


def _parent(parent: Value | None, handling: Value | None, place: CodePlace) -> Value:
    """Return ``super`` of a guard that a package's guard stands behind."""

    def refuse(machine: Machine, _arguments: Arguments) -> Value:
        answer = _of_parent(machine, parent or Unknown(), handling, place)
        if isinstance(answer, Response):
            error = {"status": PlainValue(answer.status), "how": PlainValue(SENT_AWAY)}
            raise Thrown(ObjectValue({**error}, open=True), place)
        return Unknown()

    return NativeObject("super", lambda _m, name: Native(name, refuse) if name == "canActivate" else None, call=lambda _m, _a: NOTHING)  # fmt: skip


def _context_member(_machine: Machine, name: str) -> Value | None:
    if name in {"switchToHttp", "getRequest"}:
        return Native(name, lambda _m, _a: REQUEST if name == "getRequest" else _CONTEXT)
    if name == "getResponse":
        return Native(name, lambda _m, _a: replying())
    return Native(name, lambda _m, _a: Unknown(name=name))


_CONTEXT = NativeObject("execution context", _context_member)
