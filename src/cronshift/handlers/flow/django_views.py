"""Checks around a view of Django and of its REST framework: methods, sign-in, permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.flow.nobody import SENT_AWAY
from cronshift.handlers.flow.requests import REQUEST
from cronshift.handlers.flow.settings import SETTINGS, settings_files
from cronshift.handlers.flow.values import (
    Arguments,
    ClassValue,
    Closure,
    ListValue,
    Native,
    ObjectValue,
    Outside,
    Response,
    Unknown,
    Value,
    is_nothing,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.machine import Machine

_NO_METHOD, _SIGN_IN, _FORBIDDEN = 405, 302, 403
_OPEN = {"AllowAny", "IsAuthenticatedOrReadOnly"}  # a GET only reads
_PERMITTED = "permitted view"
_SIGNED_IN = {
    "IsAuthenticated", "IsAdminUser", "DjangoModelPermissions", "DjangoObjectPermissions",
}  # fmt: skip


def _around(check: Callable[[Machine, Arguments], Response | None], name: str = "view") -> Native:
    """Return a decorator: its view answers where ``check`` has no answer of its own."""

    def decorate(_machine: Machine, arguments: Arguments) -> Value:
        view = arguments.at(0)

        def answer(machine: Machine, passed: Arguments) -> Value:
            if isinstance(view, Closure):
                machine.ledger.began = view.function.place
            refusal = check(machine, passed)
            return machine.call(view, passed) if refusal is None else refusal

        return Native(name, answer)

    return Native("decorator", decorate)


def _only(methods: Sequence[str]) -> Native:
    """Return the decorator of a view that answers some methods, and 405 to all others."""

    def check(machine: Machine, passed: Arguments) -> Response | None:
        if not methods or machine.world.method in methods:
            return None
        return Response(_NO_METHOD, None, _place(machine, passed))

    return _around(check)


def _place(machine: Machine, passed: Arguments) -> CodePlace:
    return machine.ledger.began or passed.place


def _refused(machine: Machine, passed: Arguments, status: int, how: str = "") -> Response:
    """Return the answer to a caller who is not who is asked for."""
    place = _place(machine, passed)
    machine.ledger.asked.setdefault("session", place)
    return Response(status, None, place, how=how)


def _methods_of(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``require_http_methods(["POST"])`` and ``api_view(["POST"])``; GET where none are told."""
    listed = arguments.at(0)
    if not isinstance(listed, ListValue):
        return _only(("GET",) if not arguments.values else ())
    names = [text_of(value) for value in listed.elements.values]
    return _only([name.upper() for name in names if name] if None not in names else ())


def _signed_in(machine: Machine, arguments: Arguments) -> Value:
    """Read ``@login_required`` with and without options: who has no session is sent to sign in."""
    decorator = _around(lambda m, a: _refused(m, a, _SIGN_IN, SENT_AWAY))
    is_bare = bool(arguments.values) and not is_nothing(arguments.at(0))
    return decorator.call(machine, arguments) if is_bare else decorator


def _permitted(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``@permission_classes([IsAuthenticated])``."""
    listed = arguments.at(0)
    classes = listed.elements.values if isinstance(listed, ListValue) else (Unknown(),)
    return _around(lambda m, a: refused_by(m, classes, a), _PERMITTED)


def _api_view(machine: Machine, arguments: Arguments) -> Value:
    """Read ``api_view(["POST"])``: the settings' permissions hold where the view has none of its own."""
    methods = _methods_of(machine, arguments)
    default = _around(lambda m, a: refused_by(m, default_permissions(m), a))

    def decorate(inner: Machine, passed: Arguments) -> Value:
        view = passed.at(0)
        has_own = isinstance(view, Native) and view.name == _PERMITTED
        asked = passed if has_own else replace(passed, values=(inner.call(default, passed),))
        return inner.call(methods, asked)

    return Native("decorator", decorate)


def default_permissions(machine: Machine) -> list[Value]:
    """Return the permissions that REST framework asks of every view, as Django's settings name them."""
    options = SETTINGS.member(machine, "REST_FRAMEWORK")
    listed = options.cell.get("DEFAULT_PERMISSION_CLASSES") if isinstance(options, ObjectValue) else None  # fmt: skip
    values = listed.elements.values if isinstance(listed, ListValue) else ()
    return [_named_class(machine, text) for value in values if (text := text_of(value))]


def _named_class(machine: Machine, path: str) -> Value:
    module, _, name = path.rpartition(".")
    for file in settings_files(machine)[:1]:
        target = machine.program.file_of(file, module)
        made = machine.exported(target, name) if target is not None else None
        if made is not None:
            return made
    return Unknown(name=path)


def is_rest_view(machine: Machine, kind: ClassValue) -> bool:
    """Return whether a class is a view of REST framework, through the project's own classes."""
    for base in kind.code.bases:
        parent = machine.value(base, kind.scope)
        if isinstance(parent, ClassValue) and is_rest_view(machine, parent):
            return True
        if isinstance(parent, Outside) and parent.package.startswith("rest_framework"):
            return True
    return False


def refused_by(machine: Machine, classes: Sequence[Value], passed: Arguments) -> Response | None:
    """Return the answer of REST framework's permissions where one refuses, ``None`` where none does."""
    for kind in classes:
        name = kind.name.rpartition(".")[2] if isinstance(kind, Outside | Unknown) else ""
        if name in _OPEN:
            continue
        if name in _SIGNED_IN:
            return _refused(machine, passed, _FORBIDDEN)
        if not isinstance(kind, ClassValue):
            machine.path.doubts |= {f"asks for the permission {name or 'of a class'}"}
            continue
        permission = machine.call(kind, Arguments((), {}, passed.place, kind.code.name))
        method = machine.method(permission, kind, "has_permission")
        asked = Arguments((REQUEST, Unknown()), {}, passed.place, "has_permission")
        if not isinstance(method, Closure):
            continue
        allows = machine.truth(machine.call(method, asked), kind.scope)
        if allows is False:
            return _refused(machine, passed, _FORBIDDEN)
        if allows is None:
            machine.path.doubts |= {f"asks for the permission {kind.code.name}"}
    return None


_HTTP, _AUTH = "django.views.decorators.http", "django.contrib.auth.decorators"
MEANINGS: dict[str, Callable[[Machine, Arguments], Value]] = {
    f"{_HTTP}:require_http_methods": _methods_of,
    f"{_AUTH}:permission_required": lambda m, a: _signed_in(m, Arguments((), {}, a.place)),
    f"{_AUTH}:user_passes_test": lambda m, a: _signed_in(m, Arguments((), {}, a.place)),
    "rest_framework.decorators:api_view": _api_view,
    "rest_framework.decorators:permission_classes": _permitted,
}
DECORATORS: dict[str, Native] = {
    f"{_HTTP}:require_POST": _only(("POST",)),
    f"{_HTTP}:require_GET": _only(("GET",)),
    f"{_HTTP}:require_safe": _only(("GET", "HEAD")),
    f"{_AUTH}:login_required": Native("decorator", _signed_in),
    "django.contrib.admin.views.decorators:staff_member_required": Native("decorator", _signed_in),
}
