"""Calls that lead out of the project, known by their names and by nothing more."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from cronshift.handlers.flow.amounts import give
from cronshift.handlers.flow.callbacks import called_back, error_callback, handed_in
from cronshift.handlers.flow.code import UNDEFINED
from cronshift.handlers.flow.coroutines import gives_coroutine
from cronshift.handlers.flow.handed import take_in
from cronshift.handlers.flow.hearing import speaks_of_it
from cronshift.handlers.flow.letting_by import passed_on
from cronshift.handlers.flow.nobody import gives_session
from cronshift.handlers.flow.paths import Exit, Thrown
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.refusals import REFUSED
from cronshift.handlers.flow.requests import CONTEXT, EVENT, REQUEST
from cronshift.handlers.flow.sessions import nobody
from cronshift.handlers.flow.several import promises_in
from cronshift.handlers.flow.values import (
    CLEAN,
    FAILED,
    NOBODY,
    NOTHING,
    Arguments,
    Closure,
    Native,
    NativeObject,
    ObjectValue,
    Outside,
    PlainValue,
    Promise,
    Taint,
    Unknown,
    Value,
    items_of,
)
from cronshift.handlers.flow.work import is_side_work, looks, notes_down, works, writes
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.values import Taints

_CREDENTIAL = frozenset({Taint.CREDENTIAL})
_QUIET = lazy_pattern(
    r"^(?:console|logger|log|logging|winston|pino|Date|JSON|Math|Object|Array|Number|String|Buffer|"
    r"Intl|Symbol|BigInt|parseInt|parseFloat|isNaN|encodeURIComponent|decodeURIComponent|Error|"
    r"performance|structuredClone|path|url|os\.path|datetime|time|json|re|uuid|random|math|print|int|"
    r"float|range|enumerate|zip|sorted|sum|min|max|isinstance|getattr|hasattr|z|dayjs|moment|"
    r"TypeError|TextDecoder|atob|btoa|Reflect|process|span|Sentry|newrelic)\b"
    r"|(?:^|\.)(?:log|info|warn|warning|error|debug|trace|exception|now|toISOString|setHeader|"
    r"randomUUID|createRequire|revalidatePath|revalidateTag|noStore|unstable_noStore|connection|"
    r"captureException|captureMessage|super|set_tag|format|isoformat|strftime|is(?:digit|alpha|numeric|alnum|space)|"
    r"capitalize|zfill|casefold|fullmatch|strptime|parsedate\w*|from(?:isoformat|timestamp)|(?:hex)?digest|round|Decimal|"
    r"BeautifulSoup|url(?:parse|unparse|encode)|deepcopy|reversed|toFixed|toLocale(?:Date|Time)?String|padStart|"
    r"padEnd|[gs]et(?:UTC)?(?:Time|FullYear|Month|Date|Day|Hours|Minutes|Seconds|Milliseconds))$"
)
"""What computes or only says something."""
_COMPUTING = lazy_pattern(
    r"(?:^|\.)(?:Request|Retry|HTTPAdapter|MIME\w+|EmailMessage|timedelta|\w+(?:Error|Exception)|Path|today|utcnow|items|keys|rfind|rindex|"
    r"partition|groups?|groupdict|total_seconds|timestamp|model_dump|values|add_header|(?:iso)?weekday|isocalendar|"
    r"toordinal|geturl|getcode|getheaders?|splitlines|remove(?:prefix|suffix)|select_one|find_all|find_next|get_text|"
    r"(?:asc|desc|i?like|not_?i?like|is_(?:not)?|isnot|(?:not_?)?in_|nulls_?(?:first|last))(?:\(\))?)$|"
    r"^(?:abs|all|any|bool|bytes|chr|dict|filter|frozenset|hex|iter|len|list|map|next|ord|repr|set|str|tuple|type)$"
)
"""What of Python's makes a value, or a column's condition, and does nothing with it."""
AFTER = lazy_pattern(r"(?:^|\.)(?:after|unstable_after|waitUntil)$")
_SESSION = lazy_pattern(
    r"(?:^|\.)(?:auth|getServerSession|getSession|getServerAuthSession|getToken|currentUser|getUser|"
    r"getAuth|useSession|getServerUser|getCurrentUser|requireUser|withAuth|validateRequest|getUserSession|getClaims)$"
)
_CHECKING = lazy_pattern(
    r"auth|verif|secret|guard|protect|require|assert|ensure|permission|allow|valid|signature|admin|"
    r"cron|session|token|middleware|secure|private",
    re.IGNORECASE,
)
_HARMLESS = lazy_pattern(
    r"sentry|log|trac|monitor|instrument|telemetr|axiom|otel|metric|measure|limit|cors|helmet|handler?$|"
    r"json|parse|ip(?:address)?$|geo|context|wrap(?:route)?$|error|async",
    re.IGNORECASE,
)
_SENDING = "request with data"
"""The name of a request of urllib's that writes."""
_DESCRIBING = {"drizzle-orm", "drizzle-orm/sql"}
"""The packages whose functions only describe a query, ``desc(posts.createdAt)``."""
_IN_MEMORY = {"email", "collections", "datetime", "decimal", "html", "itertools", "textwrap"}
"""Python's modules that compute, or fill in what they have made, ``message.set_content(text)``."""
_GIVES_ON = lazy_pattern(
    r"(?:^|\.)(?:run|with|wrap|start|step|transaction|measure|time|retry|retries|trace|execute|lock|"
    r"in|use|attempt|span|catch|cache|unstable_cache|bind|\$transaction)(?:[A-Z]\w*)?$"
)
"""What calls a function that it is given, and gives what comes of it."""
_RUNNING = {"p-limit", "p-retry", "p-throttle", "p-timeout", "async-retry", "bottleneck"}
"""The packages whose functions do so."""
_REGISTERING = lazy_pattern(
    r"\.(?:command|hears|action|(?:callback|inline)Query)$|\binterceptors\.\w+\.use$"
)
_USING = lazy_pattern(r"\.use$")
_LISTENING = lazy_pattern(r"\.(?:on|once|addListener|addEventListener|prependListener)$")
_TROUBLE = lazy_pattern(
    r"error|close|exit|disconnect(?:ed)?|reconnect(?:ing)?|abort|timeout|warning|remove|"
    r"uncaughtException|unhandledRejection|SIG[A-Z]+",
    re.IGNORECASE,
)
_THROWING = lazy_pattern(r"verify|decode|decrypt|jwt", re.IGNORECASE)
_PROMISING = lazy_pattern(
    r"(?:create|update|delete|upsert)Many$|\.emails\.send$|\.sendMail$|\$executeRaw(?:Unsafe)?$|"
    r"(?:^|\.)prisma\.\w+\.(?:create|update|upsert|delete)$"
)
"""What surely begins work of its own, by the names of well-known clients."""
_PRISMA_WRITES = lazy_pattern(r"\w\.\w+\.(?:create|update|upsert|delete)(?:Many)?$")
_WHOLE = {id(REQUEST), id(EVENT), id(CONTEXT)}


def outside(machine: Machine, called: Value, arguments: Arguments, new: bool) -> Value:
    """Return the value of a call that is not followed."""
    name = _name(called, arguments)
    if AFTER.search(name):
        return _later(machine, name, arguments)
    is_python_value = is_python(arguments.place.file) and _COMPUTING.search(name) is not None
    package = _package(called)
    is_describing = package in _DESCRIBING or package.partition(".")[0] in _IN_MEMORY
    is_quiet = is_describing or is_python_value or _QUIET.search(name) is not None
    if is_quiet or (isinstance(called, PlainValue) and not new):
        for argument in arguments.values:
            machine.consume(argument)
        is_sending = name.endswith("Request") and _has_data(arguments)
        last = _SENDING if is_sending else name.rpartition(".")[2]
        return Unknown(arguments.taints, name=last, package=package)
    machine.ledger.heard = machine.ledger.heard or _hands_on_failure(machine, arguments)
    if name in {"require", "import", "lazy"}:
        return _required(machine, arguments)
    callbacks = [argument for argument in arguments.values if isinstance(argument, Closure)]
    is_foreign = isinstance(called, Outside | Unknown) and not new
    if machine.world.sessionless and is_foreign and not callbacks and gives_session(name):
        return NOBODY
    if isinstance(called, Outside | Unknown) and not new and _SESSION.search(name):
        return _nobody(called, name, arguments)
    if new and name == "Array":
        return items_of(is_open=True)
    if new:
        failure = arguments.taints & FAILED
        return Unknown(failure, name=name, package=_package(called))
    if machine.loading and callbacks:
        return _wrapped(name, callbacks[-1])
    return _begun(machine, called, name, arguments)


def _hands_on_failure(machine: Machine, arguments: Arguments) -> bool:
    """Return whether a result that tells of a failure is handed to what is not followed."""
    return machine.path.failed and any(_tells(value) for value in arguments.values)


def _tells(value: Value) -> bool:
    return Taint.FAILURE in value.taints or (
        isinstance(value, NativeObject) and value.data == REFUSED
    )


def _package(called: Value) -> str:
    return called.package if isinstance(called, Outside | Unknown) else ""


def _name(called: Value, arguments: Arguments) -> str:
    called_name = called.name if isinstance(called, Outside | Unknown | NativeObject) else ""
    if isinstance(called, Outside) and _QUIET.search(called_name):
        return called_name
    is_longer = len(called_name) > len(arguments.name) and "." in called_name
    name = called_name if is_longer else arguments.name or called_name
    owner, _, verb = name.rpartition(".")
    first = arguments.at(0) if verb == "send" else None
    if isinstance(first, Unknown) and first.name.endswith("Command"):  # AWS: what is sent says it
        command = first.name.rpartition(".")[2].removesuffix("Command")
        return ".".join(filter(None, (owner, command[:1].lower() + command[1:])))
    return name


def _begun(machine: Machine, called: Value, name: str, arguments: Arguments) -> Value:
    """Read a call that may do work: it is noted, its callbacks run, its result is unknown."""
    place = arguments.place
    going_on = passed_on(called, arguments.values)
    if going_on is not None:
        return machine.call(going_on, Arguments((), {}, place, "next"))
    _may_throw(machine, name, place)
    if not machine.loading:
        telling = machine.is_telling(name, arguments)
        machine.visit(
            place,
            name,
            followed=False,
            telling=telling,
            written=_sent_by_urllib(name, arguments),
            package=_package(called),
        )
        take_in(machine.ledger.sites[place], arguments)
        _may_keep(machine, name, arguments, telling=telling)
        give(machine.ledger.sites[place], arguments)
    listener = None if machine.loading else error_callback(name, arguments)
    if listener is not None:
        return called_back(machine, listener, name, arguments)
    if machine.fails(place):
        return machine.failure(place, name, promised=not is_python(place.file))
    taints = _handed(machine, called, name, arguments)
    result: Value = Unknown(taints, name=name.rpartition(".")[2], package=_package(called))
    for callback in arguments.values:
        if not isinstance(callback, Closure) or _is_for_later(callback, name, arguments):
            continue
        values = handed_in(callback.function.parameters)
        inner = machine.call(callback, Arguments(values, {}, place, name))
        if _GIVES_ON.search(name) or _package(called) in _RUNNING:
            return inner
        machine.consume(inner)
        if isinstance(inner, Promise) and inner.rejected:
            return machine.promise(inner.value, place, name, rejected=True)
    return _promised(machine, called, result, name, arguments)


def _has_data(arguments: Arguments) -> bool:
    """Return whether a request of urllib's is made with data, or another method than GET's."""
    method = arguments.named.get("method")
    asks = isinstance(method, PlainValue) and method.value in {"GET", "HEAD"}
    return not asks and (
        len(arguments.values) > 1 or not {"data", "method"}.isdisjoint(arguments.named)
    )


def _sent_by_urllib(name: str, arguments: Arguments) -> str:
    """Return a name for the data that ``urlopen(…)`` sends; empty where it sends none."""
    first = arguments.at(0)
    is_made = isinstance(first, Unknown) and first.name == _SENDING
    is_sent = name.endswith("urlopen") and (is_made or _has_data(arguments))
    return _SENDING if is_sent else ""


def _may_keep(machine: Machine, name: str, arguments: Arguments, *, telling: bool) -> None:
    """Take note of a failure that is handed on: what follows may hang on it, or it is kept, or another value."""
    if not machine.path.failed or telling or machine.telling > 0 or is_side_work(name):
        return
    if machine.catching:
        machine.path.hangs = machine.path.hangs or Taint.FAILURE in arguments.taints
    elif works(name) and not notes_down(machine.written()):
        values = (*arguments.values, *arguments.named.values())
        machine.path.kept = machine.path.kept or any(map(speaks_of_it, values))


def _handed(machine: Machine, called: Value, name: str, arguments: Arguments) -> Taints:
    """Return the parts of a call's result, and note the decision about a caller that it may hold."""
    hands_on = any(id(argument) in _WHOLE for argument in arguments.values)
    taints = arguments.taints - (FAILED if writes(name) else CLEAN)  # what is sent may tell of it
    replies = [value for value in arguments.values if isinstance(value, NativeObject) and value.name == "reply"]  # fmt: skip
    is_missing = _package(called).startswith(".")  # a file of the project that only a build makes
    if hands_on and replies:
        machine.ledger.asked.setdefault("reply", arguments.place)  # it answers, whoever is let by
    if hands_on and (replies or is_missing):
        machine.path.doubts |= {f"hands on to {name}, which is not followed"}
    if hands_on or Taint.CREDENTIAL in taints:
        taints |= _CREDENTIAL
        if _CHECKING.search(name) and not _HARMLESS.search(name):
            machine.path.doubts |= {f"calls {name}, which is not followed"}
    return taints


def _is_for_later(callback: Closure, name: str, arguments: Arguments) -> bool:
    """Return whether a call only says what to do another time: of a request, a message, an error."""
    is_middleware = len(callback.function.parameters) > 1 and _USING.search(name) is not None
    registers = is_middleware or _REGISTERING.search(name) is not None
    return registers or _hears_of_trouble(name, arguments)


def _hears_of_trouble(name: str, arguments: Arguments) -> bool:
    """Return whether a call only says what to do when a connection breaks, ``pool.on("error", …)``."""
    event = arguments.at(0)
    is_told = isinstance(event, PlainValue) and _TROUBLE.fullmatch(str(event.value)) is not None
    return is_told and _LISTENING.search(name) is not None


def _promised(
    machine: Machine, called: Value, result: Value, name: str, arguments: Arguments
) -> Value:
    """Return the promise of work that surely goes on by itself, or that fails with what it is given."""
    place = arguments.place
    for argument in arguments.values:
        machine.consume(argument)
    promises = promises_in(*arguments.values)
    rejected = next((promise for promise in promises if promise.rejected), None)
    if rejected is not None:  # prisma.$transaction([…]) fails with what it is given
        return machine.promise(rejected.value, place, name, rejected=True)
    if is_python(place.file):
        is_promise = gives_coroutine(machine.program.tree, called)
    else:
        is_promise = _PROMISING.search(name) is not None or _of_prisma(result, name)
    if machine.loading or not is_promise:
        machine.ledger.results[id(result)] = result, place
        return result
    return machine.promise(result, place, name)


def _of_prisma(result: Value, name: str) -> bool:
    """Return whether a call is a write of Prisma's client, whatever the project calls it."""
    package = result.package if isinstance(result, Unknown) else ""
    return "prisma" in package and _PRISMA_WRITES.search(name) is not None


def _may_throw(machine: Machine, name: str, place: CodePlace) -> None:
    """Take note that a token which nobody sent is refused with an error, where that is caught."""
    if machine.world.sessionless and machine.guards and _THROWING.search(name):
        refusal = Thrown(Unknown(_CREDENTIAL, name="error"), place)
        machine.tries[-1].append(Exit(refusal, machine.path.copy()))


def _wrapped(name: str, callback: Closure) -> Value:
    """Return a handler that a package wraps: it runs, if the package lets the caller by."""

    def run(machine: Machine, arguments: Arguments) -> Value:
        last = name.rpartition(".")[2]
        if (
            _SESSION.search(name)
            or (_CHECKING.search(last) and not _HARMLESS.search(last))
            or not _HARMLESS.search(last)
        ):
            machine.path.doubts |= {f"calls {name}, which is not followed"}
        return machine.call(callback, arguments)

    return Native(f"wrapped {name}", run)


def _nobody(called: Outside | Unknown, name: str, arguments: Arguments) -> Value:
    """Return the signed-in user of a scheduled call, which has no session."""
    callbacks = [argument for argument in arguments.values if isinstance(argument, Closure)]
    if callbacks and name.rpartition(".")[2] == "auth":
        return callbacks[-1]  # NextAuth runs it for everybody, with an empty `auth`
    if callbacks:
        return _wrapped(name, callbacks[-1])
    nothing = PlainValue(None, _CREDENTIAL)
    if isinstance(called, Outside) and "clerk" in called.package:
        return nobody()
    if name.endswith(("getUser", "getClaims")) and "auth." in name:
        return ObjectValue(
            {
                "data": ObjectValue({"user": nothing, "claims": nothing}),
                "error": Unknown(_CREDENTIAL),
            }
        )
    if name.endswith("getSession") and "auth." in name:
        return ObjectValue(
            {"data": ObjectValue({"session": nothing}), "error": Unknown(_CREDENTIAL)}
        )
    return nothing


def _later(machine: Machine, name: str, arguments: Arguments) -> Value:
    """Read ``after(…)`` and ``waitUntil(…)``: their work runs behind the answer."""
    work = arguments.at(0)
    before = set(machine.ledger.sites)
    statement = machine.statement or arguments.place
    if isinstance(work, Closure):
        machine.within.append(statement)
        with suppress(Thrown):
            machine.consume(machine.call(work, Arguments((), {}, arguments.place, "callback")))
        machine.within.pop()
    machine.consume(work)
    sites = [site for place, site in machine.ledger.sites.items() if place not in before]
    first = min((site.depth for site in sites), default=0)
    begun = [
        site.name
        for site in sites
        if site.depth == first and (site.written or not looks(site.name))
    ]
    if isinstance(work, Promise):
        begun.append(work.name)
        machine.ledger.behind.add(work.place)
    if isinstance(work, Unknown | Outside) and work.name:
        begun.append(work.name)
    is_read = isinstance(work, Closure | Promise) or bool(begun)
    only_side = is_read and all(is_side_work(name_begun) for name_begun in begun)
    machine.ledger.later.append((statement, f"{name}(…)", only_side))
    return NOTHING


def _required(machine: Machine, arguments: Arguments) -> Value:
    """Read ``require("./x")`` and ``import("./x")`` inside a function."""
    from cronshift.handlers.flow.program import Imported
    from cronshift.handlers.flow.values import Module, text_of

    source = text_of(arguments.at(0))
    if source is None:
        return Unknown()
    target = machine.program.file_of(arguments.place.file, source)
    if target is not None:
        return Module(target)
    package = source.removeprefix("node:")
    return machine.foreign(Imported(package, "*"))


__all__ = ["AFTER", "UNDEFINED", "items_of", "outside"]
