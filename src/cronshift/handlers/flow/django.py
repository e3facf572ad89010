"""Django's middleware, and the view method that answers."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from cronshift.handlers.flow import code
from cronshift.handlers.flow.django_views import default_permissions, is_rest_view, refused_by
from cronshift.handlers.flow.following import goes_on
from cronshift.handlers.flow.gates import Gate, Way
from cronshift.handlers.flow.nobody import SENT_AWAY
from cronshift.handlers.flow.python_code import Python
from cronshift.handlers.flow.requests import REQUEST
from cronshift.handlers.flow.values import (
    Arguments,
    ClassValue,
    Closure,
    ListValue,
    Native,
    NativeObject,
    ObjectValue,
    Response,
    Scope,
    Unknown,
    Value,
    is_nothing,
)
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.program import Program
    from cronshift.handlers.rest_routers import Action
    from cronshift.model import Handler, Location

_HARMLESS = lazy_pattern(
    r"^(?:django\.(?!contrib\.auth\.middleware\.(?:Login|RemoteUser))"
    r"|whitenoise\.|corsheaders\.|django_prometheus\.|debug_toolbar\.|simple_history\.|csp\."
    r"|allauth\.account\.|django_htmx\.|reversion\.|silk\.|waffle\.|sentry_sdk\.)"
)
_LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"
_OPEN = "login_not_required"
_CHECKING = lazy_pattern(
    r"auth|login|token|jwt|permission|protect|guard|allow|block|ip", re.IGNORECASE
)


def django_gates(program: Program, handler: Handler) -> Iterator[Gate]:
    """Yield each middleware of the settings of a Django project, in their order."""
    for file in sorted(program.tree.files):
        if file.endswith("settings.py") or (file.endswith(".py") and "/settings/" in file):
            listed = _listed(program.tree.python(file))
            for name in listed:
                yield _gate(program, handler, file, name)
            if listed:
                return


def _listed(module: ast.Module) -> list[ast.Constant]:
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="MIDDLEWARE")], value=ast.List(elts=elements)):
                return [
                    element
                    for element in elements
                    if isinstance(element, ast.Constant) and isinstance(element.value, str)
                ]
    return []


def _gate(program: Program, handler: Handler, settings: str, named: ast.Constant) -> Gate:
    name, line = str(named.value), named.lineno
    module, _, attribute = name.rpartition(".")
    file = program.file_of(settings, module)
    place = code.CodePlace(settings, line, 1)

    def start(machine: Machine) -> Value | None:
        if file is not None:
            return _called(machine, machine.exported(file, attribute), name, place)
        if name == _LOGIN:
            return _asked_to_sign_in(machine, handler.route, place)
        if not _HARMLESS.search(name):
            machine.path.unfollowed |= {f"stands in front with {name}"}
            if _CHECKING.search(attribute):
                machine.path.doubts |= {f"stands in front with {name}"}
        return _passed(machine, place)

    return Gate(start, Way.NEXT, settings, line)


def _passed(machine: Machine, place: CodePlace) -> Value:
    return machine.call(goes_on(), Arguments((), {}, place, "get_response"))


def _asked_to_sign_in(machine: Machine, route: Location | None, place: CodePlace) -> Value:
    """Return the answer of Django's own: views may be open by ``login_not_required``."""
    program = machine.program
    urls = route.file if route is not None else ""
    line = "".join(
        program.tree.read(urls).splitlines()[route.line - 1 : route.line] if route else ()
    )
    imported = program.module(urls).imported.values()
    views = {program.imported_file(urls, name) for name in imported} - {None}
    if _OPEN not in line and not any(_OPEN in program.tree.read(file or "") for file in views):
        return Response(302, None, place, how=SENT_AWAY)
    if _OPEN not in line:
        machine.path.doubts |= {"asks for a login, unless the view is open"}
    return _passed(machine, place)


def _called(machine: Machine, made: Value | None, name: str, place: CodePlace) -> Value:
    """Return the answer of a project's own middleware, as a function or as a class."""
    before = Arguments((goes_on(),), {}, place, name)
    request = Arguments((REQUEST,), {}, place, name)
    if isinstance(made, Closure):
        inner = machine.call(made, before)
        return machine.call(inner, request) if isinstance(inner, Closure | Native) else Unknown()
    if not isinstance(made, ClassValue):
        return Unknown(name=name)
    instance = machine.call(made, before)
    for verb in ("process_request", "process_view"):
        method = machine.method(instance, made, verb)
        if isinstance(method, Closure):
            answer = machine.call(method, Arguments((REQUEST, Unknown(), Unknown(), Unknown())[: 1 if verb == "process_request" else 4], {}, place, verb))  # fmt: skip
            if not is_nothing(answer):
                return answer
    method = machine.method(instance, made, "__call__")
    return machine.call(method, request) if isinstance(method, Closure) else _passed(machine, place)


def _permitted(answering: Closure, classes: Sequence[Value]) -> Native:
    """Return a view that asks REST framework's permissions before a method answers."""

    def answer(machine: Machine, arguments: Arguments) -> Value:
        machine.ledger.began = answering.function.place
        refusal = refused_by(machine, classes, arguments)
        return machine.call(answering, arguments) if refusal is None else refusal

    return Native("view", answer)


def view_method(
    machine: Machine, kind: ClassValue, place: CodePlace, action: Action | None = None
) -> Closure | Native | None:
    """Return the method by which a class answers a request: its ``dispatch``, or the one of that name.

    Args:
        machine: follows the request.
        kind: the class.
        place: where it is made a view.
        action: the method that a router or ``as_view({…})`` chooses instead.
    """
    instance = machine.call(kind, Arguments((), {}, place, kind.code.name))
    if isinstance(instance, ObjectValue):
        instance.cell.setdefault("request", REQUEST)
    verb = action.name if action is not None else machine.world.method.lower()
    answering = machine.method(instance, kind, verb)
    permissions = machine.member(instance, "permission_classes")
    if action is not None and action.permissions is not None:
        its_own = Python(kind.scope.file).expression(action.permissions)
        permissions = machine.value(its_own, kind.scope)
    if isinstance(answering, Closure) and is_rest_view(machine, kind):
        if isinstance(permissions, ListValue):
            return _permitted(answering, permissions.elements.values)
        return _permitted(answering, default_permissions(machine))
    dispatching = machine.method(instance, kind, "dispatch")
    if not isinstance(dispatching, Closure):
        return answering if isinstance(answering, Closure) else None

    def dispatch(inner: Machine, arguments: Arguments) -> Value:
        passed = Arguments((REQUEST,), {}, arguments.place, "dispatch", injected=True)
        return inner.call(answering, passed) if isinstance(answering, Closure) else Unknown()

    parent = NativeObject(
        "super", lambda _m, name: Native(name, dispatch) if name == "dispatch" else None
    )
    scope = Scope(kind.scope.file, {"super": Native("super", lambda _m, _a: parent)}, kind.scope)
    return Closure(dispatching.function, scope, instance)
