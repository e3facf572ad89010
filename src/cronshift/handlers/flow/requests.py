"""The request, as every framework hands it on: its headers, its query, its cookies, its context."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from cronshift.handlers.flow.answers import number, redirected, status_of
from cronshift.handlers.flow.bodies import parsed_body, whole_body
from cronshift.handlers.flow.code import UNDEFINED
from cronshift.handlers.flow.environment import ENVIRONMENT
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    NOBODY,
    NOTHING,
    Arguments,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Response,
    Taint,
    Unknown,
    Value,
    items_of,
    taints_of,
    text_of,
)
from cronshift.handlers.flow.worlds import ANY
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.values import Taints

_CREDENTIAL = frozenset({Taint.CREDENTIAL})
_QUERY = frozenset({Taint.QUERY})
_WHOLE = frozenset({Taint.REQUEST})
_SESSIONS = {"locals", "user", "session", "state", "nextauth", "token", "kindeAuth"}
_CREDENTIALS = lazy_pattern(
    r"auth|key|secret|token|signature|cron|session|csrf|cookie|origin|referer|password|x-api|bearer"
)
"""What only a browser, or somebody with a secret, sends."""
_OF_ALL = {
    "host", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for", "x-real-ip", "x-vercel-id",
    "x-vercel-deployment-url", "x-vercel-forwarded-for", "x-vercel-ip-country", "accept", "connection",
}  # fmt: skip
"""What every request has that reaches an app on Vercel, whoever sends it."""
_OF_BODIES = {"content-length", "content-type", "transfer-encoding"}
_HOSTS = {"host", "x-forwarded-host"}
SCHEDULE = "x-vercel-cron-schedule"
LACKING = "lacking"
"""A credential that the call does not carry."""
MARK = "x-vercel-cron"
"""A header of Vercel's that no documentation names, and no bridged call has."""


def header(machine: Machine, name: str, missing: Value | None = None) -> Value:
    """Return a header of the request, or the stand-in for one that is not there."""
    name = name.lower().replace("_", "-").removeprefix("http-")
    if name == SCHEDULE:
        machine.ask("schedule")
    if name == MARK or machine.world.forged:
        machine.ask(name)
    if name in _HOSTS:
        return Unknown(name=name)  # one of the project's own, whoever calls
    if machine.world.sessionless and not machine.world.forged and _is_chance(machine, name):
        return Unknown(name=name)
    if name in _OF_ALL and machine.world.headers.get(name, ANY) == ANY:
        return _whatever(name)
    text = ANY if machine.world.forged else machine.world.headers.get(name)
    if text is not None:
        return PlainValue(text, _CREDENTIAL)
    if _CREDENTIALS.search(name):
        machine.ask(LACKING)
    return missing if missing is not None else PlainValue(None, _CREDENTIAL)


def _whatever(name: str) -> Value:
    """Return a text that is there, and of which nothing else is known."""
    return Unknown(alternatives=(ObjectValue({}, open=True),), name=name)


def _is_chance(machine: Machine, name: str) -> bool:
    """Return whether the value of a header depends on nothing in the code of an app."""
    text = machine.world.headers.get(name)
    if text is None:
        has_body = machine.world.method != "GET" or name not in _OF_BODIES
        return has_body and not _CREDENTIALS.search(name)
    return text == ANY and not name.startswith(("x-inngest", "x-vercel-cron"))


def _header_of(machine: Machine, arguments: Arguments) -> Value:
    name = text_of(arguments.at(0))
    if name is None:
        return Unknown(_CREDENTIAL)
    default = arguments.values[1] if len(arguments.values) > 1 else None
    if isinstance(default, PlainValue):
        default = PlainValue(default.value, _CREDENTIAL)
    return header(machine, name, default)


def _headers_member(machine: Machine, name: str) -> Value | None:
    if name in {"get", "getHeader"}:
        return Native(name, _header_of)
    if name == "getlist":
        return Native(name, lambda m, a: _as_list(header(m, text_of(a.at(0)) or ""), _CREDENTIAL))
    if name == "has":
        return Native(name, lambda m, a: _is_there(header(m, text_of(a.at(0)) or ""), _CREDENTIAL))
    if name == "entries":
        return Native(name, lambda _m, _a: HEADERS)
    if name == "forEach":
        return Native(name, _each_header)
    if name in {"keys", "values", "items", "toString"}:
        return Native(name, lambda _m, _a: Unknown())
    if name in {"set", "append", "delete"}:
        return Native(name, lambda _m, _a: NOTHING)
    return header(machine, name, PlainValue(UNDEFINED, _CREDENTIAL))


def _each_header(machine: Machine, arguments: Arguments) -> Value:
    """Read ``headers.forEach((text, name) => …)``: whoever forges them has what nobody can list."""
    if machine.world.forged or machine.world.sessionless:
        passed = Arguments((Unknown(_CREDENTIAL), Unknown(_CREDENTIAL)), {}, arguments.place)
        machine.call(arguments.at(0), passed)
        return NOTHING
    for name in machine.world.headers.keys() - {SCHEDULE}:
        passed = Arguments((header(machine, name), PlainValue(name)), {}, arguments.place)
        machine.call(arguments.at(0), passed)
    return NOTHING


NO_HEADER, NO_QUERY = PlainValue(UNDEFINED, _CREDENTIAL), PlainValue(UNDEFINED, _QUERY)
HEADERS = NativeObject("headers", _headers_member, _CREDENTIAL)


def query(machine: Machine, name: str, missing: Value | None = None) -> Value:
    """Return a parameter of the request's query."""
    parameters = route_parameters(machine) if machine.world.merged else None
    if parameters is not None and name in parameters.cell:
        return parameters.cell[name]
    machine.ask("query")
    if machine.world.guessed:
        return PlainValue(ANY, _QUERY)
    if machine.world.query is None:
        return Unknown(_QUERY)
    text = dict(parse_qsl(machine.world.query, keep_blank_values=True)).get(name)
    if text is not None:
        return PlainValue(text, _QUERY)
    return missing if missing is not None else PlainValue(None, _QUERY)


def route_parameters(machine: Machine, *, joined: bool = False) -> ObjectValue | None:
    """Return the parameters of the route as the path spells them; the rest of a path as one text where it is joined."""
    parameters = machine.world.parameters
    if not parameters:
        return None
    values: dict[str, Value] = {}
    for name, part in parameters.items():
        if isinstance(part, str) or joined:
            values[name] = PlainValue(part if isinstance(part, str) else "/".join(part))
        else:
            values[name] = items_of(*map(PlainValue, part))
    return ObjectValue(values)


def _query_of(machine: Machine, arguments: Arguments) -> Value:
    name = text_of(arguments.at(0))
    if name is None:
        return Unknown(_QUERY) if arguments.values else QUERY
    default = arguments.values[1] if len(arguments.values) > 1 else None
    return query(machine, name, default)


def _query_member(machine: Machine, name: str) -> Value | None:
    machine.ask("query")
    if name == "get":
        return Native(name, _query_of)
    if name in {"getAll", "getlist"}:
        return Native(name, lambda m, a: _as_list(query(m, text_of(a.at(0)) or ""), _QUERY))
    if name == "has":
        return Native(name, lambda m, a: _is_there(query(m, text_of(a.at(0)) or ""), _QUERY))
    if name == "entries":
        return Native(name, lambda _m, _a: QUERY)
    if name in {"forEach", "keys", "values", "items", "toString", "set", "append"}:
        return Native(name, lambda _m, _a: Unknown(_QUERY))
    return query(machine, name, PlainValue(UNDEFINED, _QUERY))


def _is_there(value: Value, taints: Taints) -> Value:
    if not isinstance(value, PlainValue):
        return Unknown(taints)
    return PlainValue(value.value is not None, taints)


def _as_list(value: Value, taints: Taints) -> Value:
    """Return all the values of a name, of which there is one or none."""
    is_none = isinstance(value, PlainValue) and value.value is None
    return items_of(*([] if is_none else [value]), taints=taints)


QUERY = NativeObject("query", _query_member, _QUERY, call=_query_of)


def _url_member(machine: Machine, name: str) -> Value | None:
    if name in {"searchParams", "query", "params"}:
        return QUERY
    if name == "search":
        machine.ask("query")
        text = machine.world.query
        return Unknown(_QUERY) if text is None else PlainValue(f"?{text}" if text else "", _QUERY)
    if name in {"pathname", "path"}:
        return PlainValue(machine.world.path)
    if name == "clone":
        return Native(name, lambda _m, _a: URL)
    return Unknown(name="url")


URL = NativeObject("url", _url_member)


def _cookies_member(_machine: Machine, name: str) -> Value | None:
    """Return a member of the cookies of a request that has none."""
    if name in _NO_COOKIE:
        return constant(_NO_COOKIE[name])
    match name:
        case "get":
            return Native(name, _no_cookie)
        case "getAll" | "keys" | "values" | "items" | "entries":
            return Native(name, lambda _m, _a: items_of(taints=_CREDENTIAL))
        case "size":
            return PlainValue(0, _CREDENTIAL)
    return PlainValue(UNDEFINED, _CREDENTIAL)


_NO_COOKIE = {
    "has": PlainValue(False, _CREDENTIAL),
    "toString": PlainValue("", _CREDENTIAL),
    **dict.fromkeys(("set", "delete", "clear", "forEach"), NOTHING),
}


def _no_cookie(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``cookies.get("x")``, and Python's ``cookies.get("x", "")``."""
    default = arguments.values[1] if len(arguments.values) > 1 else None
    if isinstance(default, PlainValue):
        return PlainValue(default.value, _CREDENTIAL)
    return PlainValue(None if is_python(arguments.place.file) else UNDEFINED, _CREDENTIAL)


COOKIES = NativeObject("cookies", _cookies_member, _CREDENTIAL)


def _request_member(machine: Machine, name: str) -> Value | None:
    meaning = _MEMBERS.get(name)
    if meaning is not None:
        return meaning
    if name in {"method", "httpMethod"}:
        return PlainValue(machine.world.method)
    if name in {"POST", "FILES"} and machine.world.method == "GET":
        return ObjectValue({})  # Django's: what a form sent
    if name in {"path", "originalUrl", "full_path"}:
        return PlainValue(machine.world.path)
    if name in {"request", "req", "node", "raw", "clone", "ctx", "context"}:
        return REQUEST
    if machine.world.sessionless and name in _SESSIONS:
        return NOBODY
    if name in {"locals", "user", "session", "state"}:
        return Unknown(_CREDENTIAL, name=name)
    return Unknown(name="request.url" if name == "url" else name)


_MEMBERS: dict[str, Value] = {
    **dict.fromkeys(("headers", "META", "rawHeaders"), HEADERS),
    **{name: Native(name, _header_of) for name in ("header", "get", "get_header")},
    **dict.fromkeys(
        ("query", "searchParams", "args", "values", "GET", "query_params", "queries"), QUERY
    ),
    **dict.fromkeys(("cookies", "COOKIES"), COOKIES),
    **{name: Native(name, whole_body) for name in ("text", "body", "arrayBuffer", "form")},
    **{name: Native(name, parsed_body) for name in ("json", "formData", "get_json")},
    "nextUrl": URL,
    "env": ENVIRONMENT,
    "auth": PlainValue(None, _CREDENTIAL),
}
REQUEST: NativeObject = NativeObject(
    "request", _request_member, _WHOLE, call=lambda _m, _a: REQUEST
)


def _event_member(machine: Machine, name: str) -> Value | None:
    if name == "context" and machine.world.sessionless:
        return NOBODY
    if name == "redirect":  # Astro's
        return Native(name, redirected)
    parameters = route_parameters(machine, joined=True) if name == "params" else None
    return parameters or (URL if name == "url" else _request_member(machine, name))


EVENT = NativeObject("event", _event_member, _WHOLE)
"""What SvelteKit, Astro, Remix, Elysia and h3 hand on: the request, and its address beside it."""


def _context_member(machine: Machine, name: str) -> Value | None:
    variables = Unknown(_CREDENTIAL)
    match name:
        case "json" | "text" | "html" | "newResponse":
            return Native(name, _answered)
        case "body":
            return Native(name, _answered)
        case "redirect":
            return Native(name, redirected)
        case "notFound":
            return Native(name, lambda _m, a: Response(404, None, a.place))
        case "status" | "header" | "set" | "executionCtx" | "throw":
            return Native(name, _context_status) if name in {"status", "throw"} else None
        case "get":
            return Native(name, lambda m, _a: NOBODY if m.world.sessionless else variables)
        case "var":
            return NOBODY if machine.world.sessionless else variables
    return _request_member(machine, name)


def _answered(_machine: Machine, arguments: Arguments) -> Value:
    """Read Hono's ``c.json(body, 401)``."""
    options = arguments.at(1)
    return Response(status_of(options), arguments.at(0), arguments.place)


def _context_status(_machine: Machine, arguments: Arguments) -> Value:
    return Response(number(arguments.at(0)), None, arguments.place)


CONTEXT = NativeObject("context", _context_member, _WHOLE)
"""Hono's ``c``."""


def new_url(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``new URL(request.url)``."""
    first = arguments.at(0)
    is_request = first is URL or (isinstance(first, Unknown) and first.name == "request.url")
    return URL if is_request else Unknown(arguments.taints, name="URL")


def of_address(name: str) -> Native | None:
    """Return a method of the request's address, as far as its path tells the result."""

    def read(machine: Machine, arguments: Arguments) -> Value:
        part = text_of(arguments.at(0))
        if part is None or not part.startswith("/"):
            return Unknown()
        path = machine.world.path
        tested = {"includes": part in path, "startsWith": path.startswith(part)}
        return PlainValue(tested.get(name, path.endswith(part)))

    return Native(name, read) if name in {"includes", "startsWith", "endsWith"} else None


def new_headers(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``new Headers(request.headers)``."""
    first = arguments.at(0)
    return first if first is HEADERS else Unknown(arguments.taints, name="Headers")


def from_entries(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``Object.fromEntries(url.searchParams)``."""
    first = arguments.at(0)
    return first if first in {QUERY, HEADERS} else Unknown(arguments.taints)


def header_of_event(machine: Machine, arguments: Arguments) -> Value:
    """Read h3's ``getHeader(event, "authorization")``."""
    name = text_of(arguments.at(1))
    missing = PlainValue(None if is_python(arguments.place.file) else UNDEFINED, _CREDENTIAL)
    return header(machine, name, missing) if name is not None else Unknown(_CREDENTIAL)


def constant(value: Value) -> Native:
    """Return a function that gives a value whatever it is called with."""
    return Native("constant", lambda _m, _a: value)


def json_text(value: Value) -> NativeObject:
    """Return the text that says a value: what is known of the value is known of it."""

    def of(_machine: Machine, name: str) -> Value:
        if name in {"encode", "toString", "trim", "strip"}:
            return Native(name, lambda _m, _a: text)
        return Unknown(text.taints, name=name)

    text = NativeObject("json", of, taints_of(value), value)
    return text
