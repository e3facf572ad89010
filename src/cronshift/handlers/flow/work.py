"""The purpose of a call, by its name: the work itself, a look at something, a side matter."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from cronshift.handlers.behaviour import SIDE_WORK
from cronshift.handlers.flow.program import is_python
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.ledger import Site

_WORDS = lazy_pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WRITING = {
    "insert", "update", "upsert", "delete", "remove", "create", "save", "send", "publish", "enqueue",
    "dispatch", "emit", "put", "push", "write", "set", "add", "bulk", "commit", "destroy", "store",
    "sync", "process", "run", "refund", "charge", "generate", "import", "export", "migrate", "purge",
    "wipe", "clean", "cleanup", "expire", "archive", "reset", "refresh", "trigger", "execute",
    "notify", "mail", "email", "post", "upload", "seed", "prune", "backfill", "recalculate",
}  # fmt: skip
_LOOKING = {
    "get", "open", "urlopen", "find", "select", "count", "list", "read", "load", "query", "check", "is", "has", "can",
    "fetch", "verify", "validate", "parse", "resolve", "lookup", "search", "describe", "show", "head",
    "exists", "assert", "require", "ensure", "authenticate", "authorize", "connect", "use", "with",
    "auth", "header", "headers", "cookie", "cookies", "json", "text", "params", "session", "to",
    "from", "format", "build", "make", "compute", "calculate", "filter", "map", "sort", "limit", "eq",
    "create_client", "aggregate", "ping", "lock", "acquire", "rpc", "retrieve", "pick", "all", "first",
    "now", "default", "result", "wait", "sleep", "delay", "as", "new", "compare", "safe", "encode", "decode",
    "detect", "infer", "guess", "access", "stat", "lstat", "status", "health", "test", "in", "or", "and", "not", "gte", "lte", "lt", "gt", "where", "order",
    "xrange", "xrevrange", "xlen", "mget", "hget", "hgetall", "smembers", "scan", "zrange", "lrange",
    "replace", "strip", "rstrip", "lstrip", "lower", "upper",
    "startswith", "endswith", "hash", "quote", "loads", "dumps", "match", "findall", "pop", "title", "timestamp",
    "astimezone", "combine", "copy",
    "llen", "scard", "keys", "group", "difference", "sub", "chunk", "start", "end", "single", "collection", "doc", "table", "getter", "then", "catch", "finally",
}  # fmt: skip
_PREPARING = {
    "make", "new", "init", "initialize", "start", "begin", "open", "acquire", "reserve", "claim", "register",
    "import", "prepare", "build", "setup", "log", "record", "lock", "require", "load",
}  # fmt: skip
_MAKING = {"create", "insert", "mark", "add", "save", "update", "upsert", "set"}
_MADE_FIRST = {
    "job", "run", "log", "task", "status", "lock", "record", "row", "entry", "execution", "history", "state",
    "progress", "client", "started", "running", "processing", "batch", "event", "heartbeat", "one",
}  # fmt: skip
"""What is made, or noted down, before the work itself."""
_CREDENTIALS = {"token", "tokens", "credentials", "credential", "session", "auth", "login", "oauth"}
_GETTING = {"get", "obtain", "ensure", "resolve"}
_SIGNING = {"login", "authenticate", "authorize", "signin", "connect"}


_THINGS = {"store", "email", "mail", "post", "process", "import", "export", "archive", "upload"}
"""Words of writing that name what is written to, where they stand before the last."""
_CHANGES_NOTHING = lazy_pattern(
    r"(?:chat\.completions|(?:^|\.)(?:openai|ai|llm)\.responses|(?:^|\.)(?:anthropic|claude)\w*\.messages)\.create$|"
    r"(?:^|\.)generate(?:Text|Object|Content)$|(?:^|\.)import(?:JWK|PKCS8|SPKI|X509|Key)$|"
    r"(?:^|\.)create_?\w*(?:client|connection|transport|transporter|pool)(?:\(\))?$|"
    r"^(?!.*\.(?:insert|update|upsert|delete)\.).*\.select\.(?:[\w.]*\.)?execute$",
    re.IGNORECASE,
)
"""What asks a language model, reads a key, makes a client, or carries out a query that only looks."""
_QUERIES = {"insert", "update", "upsert", "delete"}
"""What a query that is built step by step begins with."""
_BOOKKEEPING = lazy_pattern(r"[`\"']\s*select 1\b|\blog_\w+\(", re.IGNORECASE)
_MAY_NOTE = lazy_pattern(r"log|audit|heartbeat|run|execution|history|select 1", re.IGNORECASE)
_WRITTEN_TO = (
    lazy_pattern(r"\binto (\w+)\b", re.IGNORECASE),
    lazy_pattern(r"\b(\w+)\W{1,4}(?:insert|create|add|update|upsert)\(", re.IGNORECASE),
    lazy_pattern(r"insert\(\s*(?:\w+\.)?(\w+)\s*\)", re.IGNORECASE),
)
"""What rows are written to."""
_NOTES = {"log", "logs", "audit", "audits", "heartbeat", "heartbeats"}
_OF_RUNS = {"run", "runs", "execution", "executions", "history"}
_RUNNING = {"cron", "job", "sync", "task", "import", "pipeline", "worker", "agent"}
_OF_AUDITS = {
    "trail",
    "trails",
    "event",
    "events",
    "entry",
    "entries",
    "record",
    "records",
    "history",
}
_AUDITED = lazy_pattern(r"(?:^|\.)(?:write|create|record|add|append|insert|save|emit)_?audit", re.IGNORECASE)  # fmt: skip
_LOGGING = lazy_pattern(
    r"^log(?:ger)?[A-Z]\w*$|(?:^|\.)(?:log|logger)(?:\.(?:debug|info|warn|warning|error|trace))?$"
)
_CLOSED = lazy_pattern(
    r"(?:browser|client|conn|connection|pool|db|database|mongoose|prisma|page|redis|cursor|socket|"
    r"stream|driver|context|session|engine|transport|transporter)\.\$?(?:close|disconnect|quit|end|"
    r"release|dispose|destroy|aclose)$|(?:body|reader|stream|controller)\.(?:cancel|abort|releaseLock)$",
    re.IGNORECASE,
)
"""What is let go when the work is done."""
_MEASURED = lazy_pattern(
    r"(?:^|[._])(?:total|count(?:er)?|gauge|histogram|seconds)\.(?:labels\.)?(?:inc|observe|set|add)$|\.inc$"
)
_SENT_BY_RESEND = lazy_pattern(r"resend.*\.(?:emails|batch)\.(?:send|create)$")
_WATCHING = {"owner", "admin", "operator", "ops", "developer", "oncall"}
"""Those who run the job, and what tells them how it went."""
_ALERTING = {"alert", "alerts", "notify", "notice", "error"}
_CACHED = lazy_pattern(r"(?:^|\.)\w*[cC]ache\.(?:get|set|del|put|match|has|mget|mset|expire)\w*$")
_CACHING = {"load", "save", "read", "write", "get", "set", "put", "store", "invalidate", "update"}
"""What a function does with a cache that is no work of its own."""
_READ_OF_IT = lazy_pattern(r"(?:\.(?:raise_for_status|json))+$")
"""What is read of an answer where it is asked for: ``requests.post(…).raise_for_status()``."""
_FINDING = {("find",), ("select",), ("aggregate",)}
"""What a query that only looks begins with, whatever is hung on it: ``find.sort.lean``."""
_ASKING = {"query", "select", "lookup", "info", "get", "fetch"}
_CHECKING = {"verify", "validate", "decode", "decrypt", "parse"}
_TELLING = {"report", "notify", "alert", "warn", "tell", "page", "mail", "email"}
_FAILURES = {"error", "errors", "exception", "exceptions", "failure", "crash"}
_LETTERS = {
    "mail",
    "email",
    "emails",
    "message",
    "messages",
    "sms",
    "telegram",
    "notification",
    "chat",
}
_LETTING_GO = {
    "release",
    "close",
    "cleanup",
    "dispose",
    "disconnect",
    "unlock",
    "stop",
    "destroy",
    "end",
    "quit",
}
_RECORDING = {
    "update", "insert", "upsert", "create", "save", "set", "mark", "record", "delete", "del", "release",
    "rollback", "unlock", "fail", "push", "add", "finish", "complete", "close", "end", "report", "reset",
    "write", "append", "put", "store", "remove", "abort", "cleanup", "revert", "restore", "increment",
}  # fmt: skip
_KEEPING = {"update", "insert", "upsert", "create", "save", "set", "mark", "record", "store"}
"""What writes a row that says what failed, so that it is not forgotten."""
_TRIED_AGAIN = {"queue", "enqueue", "requeue", "retry", "retries", "outbox", "reschedule", "dead"}
_OF_A_RUN = _OF_RUNS | _NOTES | {"cron", "lock", "locks", "progress", "state"}


@cache
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, in lower case: ``runBatch`` is ``run``, ``batch``."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def _segments(name: str) -> list[str]:
    return [part for part in name.split(".") if part]


@cache
def is_side_work(name: str) -> bool:
    """Return whether a call is a matter beside the work: a log, a metric, a ping."""
    spoken = words(_segments(name)[-1]) if _segments(name) else ()
    is_caching = "cache" in spoken and (spoken[0] == "cache" or bool(_CACHING & set(spoken)))
    is_alerting = bool(_WATCHING.intersection(spoken) and _ALERTING.intersection(spoken))
    return (
        is_caching
        or is_alerting
        or any(kind.search(name) for kind in (SIDE_WORK, _CACHED, _AUDITED, _CLOSED, _MEASURED))
    )


@cache
def says_only(name: str) -> bool:
    """Return whether a function of the project writes a line of a log, which is all that it is for."""
    return _LOGGING.search(name) is not None


@cache
def writes(name: str) -> bool:
    """Return whether a call surely changes something, by a verb in its name."""
    if _CHANGES_NOTHING.search(name):
        return False
    segments = _segments(_READ_OF_IT.sub("", name))
    *owners, last = [words(part)[:1] for part in segments[-3:]] or [()]
    sought = words(segments[-1]) if segments and last == ("find",) else ()
    is_verb = bool(last and last[0] in _WRITING) or bool(_WRITING & set(sought))  # findOneAndUpdate
    changes = any(verb and verb[0] in _WRITING - _THINGS for verb in owners)
    is_query = bool(_QUERIES & set(segments))
    return (is_verb or changes or is_query) and not is_side_work(name)


def is_bookkeeping(statement: CodePlace | None) -> bool:
    """Return whether a statement notes down the run, or only asks whether the database is there."""
    return statement is not None and notes_down(statement.text)


@cache
def notes_down(text: str) -> bool:
    """Return whether a statement, by its text, notes down the run or only asks for the database."""
    if _MAY_NOTE.search(text) is None:
        return False
    tables = (name for pattern in _WRITTEN_TO for name in pattern.findall(text))
    return _BOOKKEEPING.search(text) is not None or any(map(_takes_notes, tables))


def _takes_notes(name: str) -> bool:
    """Return whether a table holds notes of runs: ``sync_log``, ``auditTrail``, ``cronRuns``."""
    *before, last = words(name) or ("",)
    kind = before[-1] if before else ""
    is_of_runs = kind in _RUNNING and last in _OF_RUNS
    return last in _NOTES or is_of_runs or (kind == "audit" and last in _OF_AUDITS)


@cache
def looks(name: str) -> bool:
    """Return whether a call only looks at something, by the verbs in its name."""
    if writes(name):
        return False
    if _CHANGES_NOTHING.search(name):
        return True
    segments = _segments(name)
    last = words(segments[-1]) if segments else ()
    is_query = any(words(part)[:1] in _FINDING for part in segments[1:])
    return is_query or (bool(last) and (last[0] in _LOOKING or last[-1] in _ASKING | _CHECKING))


@cache
def records(name: str) -> bool:
    """Return whether a call records an outcome: ``update``, ``markFailed``."""
    segments = _segments(name)
    last = words(segments[-1])[:1] if segments else ()
    return bool(_QUERIES & set(segments)) or (bool(last) and last[0] in _RECORDING)


@cache
def keeps(name: str, statement: str) -> bool:
    """Return whether a call keeps what failed: a row's own status, another try; no note of the run."""
    named = {word for part in _segments(name) for word in words(part)}
    spoken = named | set(words(statement.partition("{")[0]))
    verb = next(iter(words(_segments(name)[-1])), "") if _segments(name) else ""
    is_kept = verb in _KEEPING or bool(_QUERIES - {"delete"} & set(_segments(name)))
    return bool(spoken & _TRIED_AGAIN) or (is_kept and not spoken & _OF_A_RUN)


@cache
def tries_again(name: str) -> bool:
    """Return whether a call has what failed tried once more: ``retryTask``, ``enqueue``."""
    verb = next(iter(_last_words(name)), "")
    return verb in _TRIED_AGAIN


@cache
def removes(name: str) -> bool:
    """Return whether a call takes something away."""
    segments = _segments(name)
    return bool(segments) and words(segments[-1])[:1] in {("del",), ("delete",), ("remove",)}


@cache
def lets_go(name: str) -> bool:
    """Return whether a call lets something go, where it stands at the end of the work."""
    segments = _segments(name)
    last = words(segments[-1])[:1] if segments else ()
    return bool(last) and last[0] in _LETTING_GO


@cache
def tells(name: str, *, of_failure: bool) -> bool:
    """Return whether a call where something failed only tells somebody of it: ``reportError``.

    Args:
        name: of what is called.
        of_failure: whether the failure is given to it.
    """
    *_, before, last = ["", "", *_segments(name)]
    spoken = {*words(before), *words(last)}
    first = next(iter(words(last)), "")
    if first in _TELLING | {"send", "handle"} and spoken & _FAILURES:
        return True
    return of_failure and (first in _TELLING or (first == "send" and bool(spoken & _LETTERS)))


@cache
def prepares(name: str) -> bool:
    """Return whether a call makes ready for work that follows: ``makeJob``, ``import(…)``."""
    verb, *things = _last_words(name) or ("",)
    is_made = verb in _MAKING and (not things or not _MADE_FIRST.isdisjoint(things))
    return not verb or verb in _PREPARING or is_made


@cache
def provides(name: str) -> bool:
    """Return whether a call provides for the work: ``refreshAccessToken``, ``getAccount``, ``login``."""
    verb, *things = _last_words(name) or ("",)
    gets = verb in _GETTING and "and" not in things
    return gets or verb in _SIGNING or not _CREDENTIALS.isdisjoint(things)


def _last_words(name: str) -> tuple[str, ...]:
    segments = _segments(name)
    return words(segments[-1]) if segments else ()


def throws_nothing(site: Site) -> bool:
    """Return whether a call tells of its failures in its result alone, as Supabase's client does, and Resend's.

    A list of a ``Map`` has none to tell. Those of Python throw.
    """
    if is_python(site.place.file):
        return False
    client = f"{site.package} {site.name}".lower()
    is_supabase = "supabase" in client and "throwOnError" not in site.name
    is_resend = "resend" in client and client.endswith(("emails.send", "batch.send"))
    is_list = site.name.endswith(".get.push") and not site.package  # one that a Map holds
    return not site.followed and (is_supabase or is_resend or is_list)


def works(name: str) -> bool:
    """Return whether a call may be the work: neither a look nor a matter beside it."""
    return not looks(name) and not is_side_work(name)


def is_work(site: Site) -> bool:
    """Return whether a call does work: it is waited for, or its name says that it writes."""
    if site.beside or is_side_work(site.name) or not (works(site.name) or site.written):
        return False
    return site.awaited or is_python(site.place.file) or bool(site.written) or writes(site.name)
