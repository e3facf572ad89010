"""The answers of handlers: responses, redirects, errors with a status, of every framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.values import (
    Arguments,
    ListValue,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Response,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine

_OK, _FOUND, _MOVED, _NO_METHOD = 200, 302, 307, 405


def number(value: Value | None, default: int | None = None) -> int | None:
    """Return a whole number that is known; ``default`` where nothing is given."""
    if value is None or (
        isinstance(value, PlainValue) and not isinstance(value.value, int | float)
    ):
        return default
    if isinstance(value, PlainValue) and isinstance(value.value, int):
        return value.value
    return None


def status_of(options: Value | None) -> int | None:
    """Return the status that ``{ status: 401 }`` or a bare number says; 200 where nothing does."""
    if isinstance(options, ObjectValue):
        status = options.cell.get("status") or options.cell.get("statusCode")
        return number(status, None if options.open else _OK) if status or not options.open else None
    if isinstance(options, Unknown):
        return None
    return number(options, _OK)


def response(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``new Response(body, { status })`` and ``Response.json(body, { status })``."""
    options = arguments.at(1)
    if isinstance(options, Response):  # new Response(upstream.body, upstream)
        return options
    named = arguments.named.get("status_code") or arguments.named.get("status")
    if named is not None:  # Python's, imported where it is used
        return Response(number(named), arguments.at(0), arguments.place)
    return Response(status_of(options), arguments.at(0), arguments.place)


def redirected(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``Response.redirect(url, status)``."""
    status = number(arguments.at(1), _MOVED)
    return Response(status, None, arguments.place, how="sends callers away")


def next_response(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``NextResponse.next()``: the request goes on."""
    return Response(None, None, arguments.place, goes_on=True)


def rewritten(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``NextResponse.rewrite(url)``: the request goes on, to another path."""
    return Response(None, None, arguments.place, goes_on=True, how="rewrites the path")


def thrown_redirect(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``redirect("/login")`` of Next, ``redirect(302, "/")`` of SvelteKit: both throw."""
    status = number(arguments.at(0), _MOVED)
    raise Thrown(_error(status), arguments.place)


def _error(status: int | None) -> ObjectValue:
    code: Value = PlainValue(status) if status is not None else Unknown()
    return ObjectValue({"status": code}, open=True)


def thrown_error(status: int | None = None) -> Callable[[Machine, Arguments], Value]:
    """Return a reader of ``error(401, …)``, ``abort(401)``, ``notFound()``, which throw."""

    def read(_machine: Machine, arguments: Arguments) -> Value:
        code = status if status is not None else number(arguments.at(0))
        raise Thrown(_error(code), arguments.place)

    return read


def thrown_by(status: int) -> Callable[[Machine, Arguments], Value]:
    """Return a reader of ``new UnauthorizedException()``: an error with a status, to be thrown."""
    return lambda _machine, _arguments: _error(status)


def made_error(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``createError({ statusCode })`` and ``HTTPException(401)``: an error to be thrown."""
    first = arguments.at(0)
    named = arguments.named.get("status_code") or arguments.named.get("status")
    if isinstance(first, ObjectValue):
        named = first.cell.get("statusCode") or first.cell.get("status")
        first = named or Unknown()
    return _error(number(named or first))


def python_response(name: str) -> Callable[[Machine, Arguments], Value]:
    """Return a reader of a framework's ``JSONResponse(body, status_code=401)``."""
    fixed = {
        "HttpResponseForbidden": 403,
        "HttpResponseBadRequest": 400,
        "HttpResponseNotFound": 404,
        "HttpResponseServerError": 500,
        "HttpResponseNotAllowed": _NO_METHOD,
        "HttpResponseRedirect": _FOUND,
        "RedirectResponse": _MOVED,
    }

    def read(_machine: Machine, arguments: Arguments) -> Value:
        named = arguments.named.get("status_code") or arguments.named.get("status")
        second = arguments.at(1) if len(arguments.values) > 1 else None
        status = fixed.get(name) or number(named or second, _OK)
        body = arguments.values[0] if arguments.values else arguments.named.get("content")
        return Response(status, body, arguments.place)

    return read


def jsonified(_machine: Machine, arguments: Arguments) -> Value:
    """Read Flask's ``jsonify(…)``."""
    body = arguments.at(0) if arguments.values else ObjectValue(dict(arguments.named))
    return Response(_OK, body, arguments.place)


def answer_of(value: Value) -> Value:
    """Return the answer that a Python handler's returned value is: ``({}, 401)`` is one."""
    if isinstance(value, ListValue):
        parts = value.elements.values
        if len(parts) >= 2 and isinstance(parts[1], PlainValue) and isinstance(parts[1].value, int):  # noqa: PLR2004
            body = parts[0].body if isinstance(parts[0], Response) else parts[0]
            return Response(parts[1].value, body, getattr(parts[0], "place", None))
        if len(parts) >= 2 and isinstance(parts[1], Unknown):  # noqa: PLR2004 - body and status
            return Response(None, parts[0])
    if isinstance(value, Unknown) and value.alternatives:
        return Unknown(
            value.taints, tuple(answer_of(alternative) for alternative in value.alternatives)
        )
    return value


def serialized(value: Value) -> Value:
    """Return the answer that FastAPI makes of a returned value: a tuple's status is a part of the body."""
    answer = answer_of(value) if isinstance(value, ListValue) else value
    return (
        replace(answer, status=_OK)
        if isinstance(answer, Response) and answer is not value
        else value
    )


def replying(status: int | None = _OK) -> NativeObject:
    """Return the ``res`` or ``reply`` of a handler that answers by calling it."""

    def of(_machine: Machine, name: str) -> Value | None:
        if name in {"status", "code", "sendStatus", "writeHead", "send_response", "send_error"}:
            ends = name in {"sendStatus", "send_error", "send_response", "writeHead"}
            return Native(name, lambda m, a: _status(m, a, ends=ends))
        if name in {"json", "send", "end", "text", "html", "body", "sendFile"}:
            return Native(name, lambda m, a: _sent(m, a, status))
        if name == "redirect":
            return Native(name, lambda m, a: _sent(m, a, number(a.at(0), _FOUND)))
        if name == "waitUntil":  # on the Edge it is an event that stands in this place
            return Unknown(name=name)
        if name in {"statusCode", "headersSent", "writableEnded"}:
            return Unknown()
        return Native(name, lambda _m, _a: replying(status))

    return NativeObject("reply", of)


def _status(machine: Machine, arguments: Arguments, *, ends: bool) -> Value:
    status = number(arguments.at(0))
    if ends and machine.path.answered is None:
        machine.path.answered = Response(status, None, arguments.place)
    return replying(status)


def _sent(machine: Machine, arguments: Arguments, status: int | None) -> Value:
    if machine.path.answered is None:
        machine.path.answered = Response(status, arguments.at(0), arguments.place)
    elif machine.path.answered.body is None:
        begun = machine.path.answered
        machine.path.answered = Response(begun.status, arguments.at(0), arguments.place)
    return replying(status)


def started(machine: Machine, arguments: Arguments) -> Value:
    """Read WSGI's ``start_response("401 Unauthorized", headers)``."""
    first = arguments.at(0)
    text = first.value if isinstance(first, PlainValue) else None
    code = text.partition(" ")[0] if isinstance(text, str) else ""
    status = int(code) if code.isdecimal() else None
    machine.path.answered = Response(status, None, arguments.place)
    return Unknown()
