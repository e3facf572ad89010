"""Values that Python frameworks inject into a route's parameters: headers, dependencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow import code
from cronshift.handlers.flow.answers import made_error
from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.requests import COOKIES, REQUEST, header, query
from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Taint,
    Unknown,
    Value,
    text_of,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.values import Scope

_CREDENTIAL = frozenset({Taint.CREDENTIAL})
_REQUESTS = {"Request", "HTTPConnection", "HttpRequest"}


def _none(_machine: Machine, _name: str) -> Value | None:
    return None


def marked(kind: str) -> Native:
    """Return a reader of ``Header(…)``, ``Depends(…)`` and their like: marks of a parameter."""
    return Native(kind, lambda _m, a: NativeObject(f"parameter {kind}", _none, data=a))


def injected_value(
    machine: Machine, parameter: code.Parameter, scope: Scope, *, by_framework: bool
) -> Value:
    """Return the value of a parameter that a call leaves out."""
    default = machine.value(parameter.default, scope) if parameter.default is not None else None
    if not by_framework:
        return default if default is not None else Unknown()
    mark = (
        default
        if isinstance(default, NativeObject) and default.name.startswith("parameter ")
        else None
    )
    mark = mark or _annotated(machine, parameter, scope)
    name = getattr(parameter.pattern, "name", "")
    if mark is not None and isinstance(mark.data, Arguments):
        return _marked_value(machine, mark, mark.data, name, default)
    annotation = parameter.annotation
    if (isinstance(annotation, code.Name) and annotation.name in _REQUESTS) or name == "request":
        return REQUEST
    if isinstance(annotation, code.Name) and annotation.name == "BackgroundTasks":
        return machine.builtins["BackgroundTasks()"]
    return query(machine, name, default if default is not None else Unknown())


def _annotated(machine: Machine, parameter: code.Parameter, scope: Scope) -> NativeObject | None:
    """Return the mark in ``Annotated[str, Header()]``."""
    annotation = parameter.annotation
    if not isinstance(annotation, code.Member) or not isinstance(annotation.key, code.Listed):
        if isinstance(annotation, code.Name):
            return _alias(machine, annotation, scope)
        return None
    for _, item in annotation.key.items:
        mark = machine.value(item, scope)
        if isinstance(mark, NativeObject) and mark.name.startswith("parameter "):
            return mark
    return None


def _alias(machine: Machine, annotation: code.Name, scope: Scope) -> NativeObject | None:
    """Return the mark in a name that stands for ``Annotated[…]``."""
    made = machine.program.definition(scope.file, annotation.name)
    if isinstance(made, code.Bind) and isinstance(made.value, code.Member):
        parameter = code.Parameter(code.NamePattern(""), annotation=made.value)
        return _annotated(machine, parameter, machine.module(scope.file))
    return None


def _marked_value(
    machine: Machine, mark: NativeObject, options: Arguments, name: str, default: Value | None
) -> Value:
    kind = mark.name.removeprefix("parameter ")
    first = options.at(0)
    missing = options.named.get("default", first if options.values else None)
    alias = text_of(options.named.get("alias", Unknown())) or name
    if kind in {"Depends", "Security"}:
        if isinstance(first, NativeObject) and callable(first.data):
            made: Value = first.data(machine)
            return made
        arguments = Arguments((), {}, options.place, options.name, injected=True)
        return machine.awaited(machine.call(first, arguments))
    if default is not None and default is not mark:
        missing = default
    if isinstance(missing, PlainValue):
        missing = PlainValue(missing.value, _CREDENTIAL)
    if kind == "Header":
        return _required(machine, header(machine, alias, PlainValue(None, _CREDENTIAL)), missing)
    if kind == "Query":
        return query(machine, alias, missing)
    if kind == "Cookie":
        return missing if isinstance(missing, PlainValue) else PlainValue(None, _CREDENTIAL)
    return COOKIES if kind == "Cookies" else Unknown()


def _required(_machine: Machine, content: Value, missing: Value | None) -> Value:
    """Return a header, its default, or refuse where it has to be there."""
    if isinstance(content, PlainValue) and content.value is None:
        if missing is None or not isinstance(missing, PlainValue):  # Header(...)
            raise Thrown(ObjectValue({"status": PlainValue(422)}, open=True))
        return missing
    return content


def bearer_scheme(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``HTTPBearer()``: the credentials of the header, or a refusal."""
    gentle = truth(arguments.named.get("auto_error", PlainValue(value=True))) is False

    def credentials(machine: Machine) -> Value:
        authorization = header(machine, "authorization")
        text = text_of(authorization)
        if text is None or not text.startswith("Bearer "):
            if gentle:
                return PlainValue(None, _CREDENTIAL)
            raise Thrown(ObjectValue({"status": PlainValue(403)}, open=True))
        token = PlainValue(text.removeprefix("Bearer "), _CREDENTIAL)
        return ObjectValue({"scheme": PlainValue("Bearer", _CREDENTIAL), "credentials": token})

    return NativeObject("scheme", _none, data=credentials)


def key_scheme(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``APIKeyHeader(name="x-api-key")``."""
    name = text_of(arguments.named.get("name", arguments.at(0))) or ""
    gentle = truth(arguments.named.get("auto_error", PlainValue(value=True))) is False

    def key(machine: Machine) -> Value:
        content = header(machine, name)
        if isinstance(content, PlainValue) and content.value is None and not gentle:
            raise Thrown(ObjectValue({"status": PlainValue(403)}, open=True))
        return content

    return NativeObject("scheme", _none, data=key)


INJECTED: dict[str, Callable[[Machine, Arguments], Value]] = {
    "HTTPBearer": bearer_scheme,
    "APIKeyHeader": key_scheme,
    "HTTPException": made_error,
}
