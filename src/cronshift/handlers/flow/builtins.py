"""The meanings of names that no project file defines: globals, and those of known packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow import (
    addresses,
    answers,
    concurrency,
    digests,
    django_views,
    environment,
    flask_settings,
    hooks,
    injection,
    nest_marks,
    requests,
    sessions,
    settings,
    threads,
)
from cronshift.handlers.flow.code import UNDEFINED
from cronshift.handlers.flow.lists import turned
from cronshift.handlers.flow.members import assigned
from cronshift.handlers.flow.operations import compared
from cronshift.handlers.flow.texts import regex
from cronshift.handlers.flow.values import (
    NOTHING,
    Arguments,
    ListValue,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Response,
    Unknown,
    Value,
    items_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine

    Meaning = Callable[[Machine, Arguments], Value]


def _first(_machine: Machine, arguments: Arguments) -> Value:
    """Return the first argument: wrapping and hashing both sides alike changes no comparison."""
    return arguments.at(0)


def _second(_machine: Machine, arguments: Arguments) -> Value:
    return arguments.at(1)


def _text(_machine: Machine, arguments: Arguments) -> Value:
    first = arguments.at(0)
    return first if text_of(first) is not None else Unknown(arguments.taints)


def _as_bool(machine: Machine, arguments: Arguments) -> Value:
    truth = machine.truth(arguments.at(0), machine.module(arguments.place.file))
    return Unknown(arguments.taints) if truth is None else PlainValue(truth, arguments.taints)


def _is_list(_machine: Machine, arguments: Arguments) -> Value:
    first = arguments.at(0)
    if isinstance(first, Unknown):
        return Unknown(first.taints)
    return PlainValue(isinstance(first, ListValue), first.taints)


def _same(machine: Machine, arguments: Arguments) -> Value:
    """Read ``timingSafeEqual`` and ``compare_digest``."""
    return compared(machine, arguments.at(0), arguments.at(1), arguments.place, constant_time=True)


def _length(machine: Machine, arguments: Arguments) -> Value:
    return machine.member(arguments.at(0), "length")


def _listed(_machine: Machine, arguments: Arguments) -> Value:
    first = arguments.at(0)
    return first if isinstance(first, ListValue) else items_of(is_open=True, taints=first.taints)


def _listed_by(machine: Machine, arguments: Arguments) -> Value:
    """Read ``Array.from(items)`` and ``Array.from({ length }, function)``."""
    listed = _listed(machine, arguments)
    if len(arguments.values) == 1:
        return listed
    passed = Arguments(arguments.values[1:], {}, arguments.place, arguments.name)
    return turned(machine, listed, "map", passed)


def _new_list(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``new Set([…])``, ``new Map()``, ``list()``."""
    first = arguments.at(0)
    return first if isinstance(first, ListValue) else items_of(is_open=bool(arguments.values))


def _new_map(_machine: Machine, _arguments: Arguments) -> Value:
    return ObjectValue({}, open=True)


def _encoder(_machine: Machine, _arguments: Arguments) -> Value:
    return NativeObject("encoder", lambda _m, name: Native(name, _first))


def _defined(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``defineEventHandler(fn)`` and its like: the function itself."""
    first = arguments.at(0)
    if isinstance(first, ObjectValue) and "handler" in first.cell:
        return first.cell["handler"]
    return first


def _served(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``handle(app)``, which makes a function of an app; a package's own ``handle`` is another."""
    first = arguments.at(0)
    return Unknown(arguments.taints, name="handle") if isinstance(first, ObjectValue) else first


def _decorator(_machine: Machine, _arguments: Arguments) -> Value:
    return Native("decorator", lambda _m, a: a.at(0))


def _entered(_machine: Machine, arguments: Arguments) -> Value:
    first = arguments.at(0)
    if isinstance(first, NativeObject) and first.name == "executor":
        first.data = "entered"
    return first


def _bearer_auth(_machine: Machine, arguments: Arguments) -> Value:
    """Read Hono's ``bearerAuth({ token })``: a middleware that compares the bearer."""
    settings = arguments.at(0)
    wanted = settings.cell.get("token") if isinstance(settings, ObjectValue) else None

    def check(machine: Machine, called: Arguments) -> Value:
        authorization = requests.header(machine, "authorization")
        text = text_of(authorization) or ""
        token = PlainValue(text.removeprefix("Bearer "), authorization.taints)
        options = (
            wanted.elements.values if isinstance(wanted, ListValue) else (wanted or Unknown(),)
        )
        results = [
            compared(machine, token, wanted_token, arguments.place) for wanted_token in options
        ]
        decided = [outcome.value for outcome in results if isinstance(outcome, PlainValue)]
        if True in decided:
            return machine.call(called.at(1), Arguments((), {}, called.place, "next"))
        if len(decided) == len(results):
            return Response(401, None, arguments.place)
        return machine.call(called.at(1), Arguments((), {}, called.place, "next"))

    return Native("bearerAuth", check)


def _headers(_machine: Machine, _arguments: Arguments) -> Value:
    return requests.HEADERS


def _abort(machine: Machine, arguments: Arguments) -> Value:
    return answers.thrown_error()(machine, arguments)


def _set_status(machine: Machine, arguments: Arguments) -> Value:
    machine.path.answered = Response(answers.number(arguments.at(1)), None, arguments.place)
    return NOTHING


def _send_error(_machine: Machine, arguments: Arguments) -> Value:
    error = arguments.at(1)
    status = error.cell.get("status") if isinstance(error, ObjectValue) else None
    return Response(answers.number(status), None, arguments.place)


def _json_data(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``json(body, init)`` of Remix, React Router and SvelteKit."""
    return Response(answers.status_of(arguments.at(1)), arguments.at(0), arguments.place)


def _redirect(machine: Machine, arguments: Arguments) -> Value:
    first = arguments.at(0)
    if isinstance(first, PlainValue) and isinstance(first.value, int):
        return answers.thrown_redirect(machine, arguments)
    return Response(answers.number(arguments.at(1), 302), None, arguments.place)


def _to_response(_machine: Machine, arguments: Arguments) -> Value:
    first = arguments.at(0)
    if isinstance(first, ListValue):
        return answers.answer_of(first)
    status = arguments.at(1) if len(arguments.values) > 1 else None
    if isinstance(first, Response):
        return Response(answers.number(status, first.status), first.body, arguments.place)
    return Response(answers.number(status, 200), first, arguments.place)


_PYTHON_RESPONSES = (
    "JSONResponse", "Response", "PlainTextResponse", "HTMLResponse", "ORJSONResponse",
    "RedirectResponse", "HttpResponse", "JsonResponse", "HttpResponseForbidden",
    "HttpResponseBadRequest", "HttpResponseNotFound", "HttpResponseServerError",
    "HttpResponseNotAllowed", "HttpResponseRedirect", "StreamingResponse",
)  # fmt: skip
_NEST_ERRORS = {"UnauthorizedException": 401, "ForbiddenException": 403, "NotFoundException": 404}
_SCHEMAS = (
    "zod", "valibot", "zod/v4", "zod/mini", "@hono/zod-openapi",
)  # fmt: skip

_NATIVES: dict[str, Meaning] = {
    "JSON.stringify": lambda _m, a: requests.json_text(a.at(0)),
    "json.dumps": lambda _m, a: requests.json_text(a.at(0)),
    "String": _text,
    "str": _text,
    "Boolean": _as_bool,
    "bool": _as_bool,
    "RegExp": regex,
    "URL": requests.new_url,
    "Headers": requests.new_headers,
    "Array.isArray": _is_list,
    "Array.from": _listed_by,
    "Object.assign": assigned,
    "Object.fromEntries": requests.from_entries,
    "Set": _new_list,
    "set": _new_list,
    "list": _listed,
    "tuple": _listed,
    "dict": lambda _m, a: ObjectValue(dict(a.named), open=bool(a.values)),
    "defaultdict": _new_map,
    "Map": _new_map,
    "len": _length,
    "Buffer.from": _first,
    "TextEncoder": _encoder,
    "timingSafeEqual": _same,
    "crypto.timingSafeEqual": _same,
    "crypto.createHash": digests.digest,
    "createHash": digests.digest,
    "hashlib.sha256": digests.digest,
    "crypto.createHmac": digests.keyed_digest,
    "createHmac": digests.keyed_digest,
    "hmac.new": digests.keyed_digest,
    "crypto.subtle.digest": _second,
    "safeCompare": _same,
    "hmac.compare_digest": _same,
    "secrets.compare_digest": _same,
    "compare_digest": _same,
    "constant_time_compare": _same,
    "__enter__": _entered,
    # responses
    "Response": answers.response,
    "NextResponse": answers.response,
    "Response.json": answers.response,
    "NextResponse.json": answers.response,
    "Response.redirect": answers.redirected,
    "NextResponse.redirect": answers.redirected,
    "NextResponse.next": answers.next_response,
    "NextResponse.rewrite": answers.rewritten,
    "json": _json_data,
    "data": _json_data,
    "redirect": _redirect,
    "next/navigation:redirect": answers.thrown_redirect,
    "next/navigation:permanentRedirect": answers.thrown_redirect,
    "@sveltejs/kit:text": answers.response,
    "notFound": answers.thrown_error(404),
    "unauthorized": answers.thrown_error(401),
    "forbidden": answers.thrown_error(403),
    "@sveltejs/kit:error": answers.thrown_error(),
    "@sveltejs/kit:redirect": answers.thrown_redirect,
    "createError": answers.made_error,
    "HTTPException": answers.made_error,
    "Unauthorized": lambda _m, _a: ObjectValue({"status": PlainValue(401)}, open=True),
    "Forbidden": lambda _m, _a: ObjectValue({"status": PlainValue(403)}, open=True),
    "flask:abort": _abort,
    "abort": _abort,
    "jsonify": answers.jsonified,
    "make_response": _to_response,
    "setResponseStatus": _set_status,
    "sendError": _send_error,
    "next/server:NextResponse": answers.response,
    # the request
    "headers": _headers,
    "cookies": lambda _m, _a: requests.COOKIES,
    "getHeader": requests.header_of_event,
    "getRequestHeader": requests.header_of_event,
    "getHeaders": _headers,
    "getRequestHeaders": _headers,
    "getQuery": lambda _m, _a: requests.QUERY,
    "getRequestURL": lambda _m, _a: requests.URL,
    "getRequestPath": lambda m, _a: PlainValue(m.world.path),
    "parseCookies": lambda _m, _a: ObjectValue({}),
    "sendRedirect": answers.redirected,
    "navigateTo": answers.redirected,
    "getCookie": lambda _m, _a: PlainValue(UNDEFINED, requests.COOKIES.taints),
    "defineEventHandler": _defined,
    "eventHandler": _defined,
    "defineCachedEventHandler": _defined,
    "cachedEventHandler": _defined,
    "bearerAuth": _bearer_auth,
    "handle": _served,
    # the environment
    "os.getenv": environment.variable_of,
    "getenv": environment.variable_of,
    "os.environ.get": environment.variable_of,
    "Deno.env.get": environment.variable_of,
    "decouple:config": environment.required(1),
    "environ:Env": settings.env_reader(2),
    "environ.Env": settings.env_reader(2),
    "environs:Env": settings.env_reader(1),
    "starlette.config:Config": settings.env_reader(2),
    "getattr": settings.attribute,
    "createEnv": environment.create_env,
    "cleanEnv": environment.clean_env,
    "useRuntimeConfig": environment.runtime_config,
    "defineNuxtConfig": environment.configured,
    "defineConfig": environment.configured,
    # Python's frameworks
    "wraps": _decorator,
    "functools.wraps": _decorator,
    "csrf_exempt": _first,
    **{name: answers.python_response(name) for name in _PYTHON_RESPONSES[2:]},
    "fastapi:Response": answers.python_response("Response"),
    "fastapi.responses:Response": answers.python_response("Response"),
    "fastapi.responses:JSONResponse": answers.python_response("JSONResponse"),
    "flask:Response": answers.python_response("Response"),
    "starlette.responses:Response": answers.python_response("Response"),
    "JSONResponse": answers.python_response("JSONResponse"),
    **injection.INJECTED,
    **concurrency.MEANINGS,
    **threads.MEANINGS,
    **sessions.MEANINGS,
    **hooks.MEANINGS,
    **addresses.MEANINGS,
    **django_views.MEANINGS,
    "@nestjs/common:SetMetadata": nest_marks.set_metadata,
    "@nestjs/common:UseGuards": nest_marks.use_guards,
    "@nestjs/common:applyDecorators": nest_marks.apply_decorators,
    **{
        f"@nestjs/common:{name}": answers.thrown_by(status) for name, status in _NEST_ERRORS.items()
    },
}


def _table() -> dict[str, Value]:
    table: dict[str, Value] = {
        name: Native(name.rpartition(":")[2], read) for name, read in _NATIVES.items()
    }
    table |= django_views.DECORATORS
    for kind in ("Header", "Depends", "Security", "Query", "Cookie"):
        table[f"fastapi:{kind}"] = injection.marked(kind)
    schemas = NativeObject("z", environment.zod)
    for package in _SCHEMAS:
        for name in ("z", "default", "*"):
            table[f"{package}:{name}"] = schemas
    for name in ("str", "num", "bool", "url", "makeValidator"):
        table[f"envalid:{name}"] = Native(name, environment.envalid)
    for name in ("process.env", "import.meta.env", "Bun.env", "env"):
        table[name] = environment.ENVIRONMENT
    del table["env"]
    table["env-var:default"] = table["env-var:*"] = environment.ENV_VAR
    for package in ("$env/dynamic/private", "process", "std-env", "node:process"):
        table[f"{package}:env"] = environment.ENVIRONMENT
    for package in (
        "node-fetch",
        "cross-fetch",
        "isomorphic-fetch",
        "isomorphic-unfetch",
        "undici",
    ):
        for name in ("*", "default", "fetch"):
            table[f"{package}:{name}"] = concurrency.FETCH
    table["os.environ"] = table["os:environ"] = environment.OS_ENVIRON
    table["django.conf:settings"] = settings.SETTINGS
    table |= flask_settings.MEANINGS
    for package in ("fastapi", "starlette", "rest_framework"):
        table[f"{package}:status"] = settings.STATUSES
    table["http:HTTPStatus"] = settings.STATUSES
    table["flask:request"] = requests.REQUEST
    table["BackgroundTasks()"] = concurrency.BACKGROUND
    table["NaN"] = table["Infinity"] = Unknown()
    table["True"], table["False"] = PlainValue(value=True), PlainValue(value=False)
    table |= environment.OF_SVELTEKIT
    table["__name__"] = PlainValue("module")
    return table


BUILTINS: dict[str, Value] = _table()
