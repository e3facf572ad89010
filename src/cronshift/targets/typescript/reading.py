"""The app's own TypeScript, read without running it: the registration of its endpoint.

From the call of ``serve`` its list is followed to each ``createFunction``, whose options are turned
into the shape that the SDK would send (npm ``inngest`` ``components/InngestFunction.js``, the same
in v3 and v4 but for the triggers, which v3 takes as the second argument). What only running the
code would tell is kept as unread or computed, and never guessed.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cronshift.engine.validation.registration import (
    FunctionConfig,
    Registration,
    Undeclared,
    Unread,
    Unregistrable,
)
from cronshift.errors import ConfigError, NotWellError
from cronshift.handlers.javascript import arguments
from cronshift.handlers.tree import SourceTree
from cronshift.handlers.values import (
    MODULE,
    Expression,
    follow,
    is_known,
    items,
    members,
    value,
)
from cronshift.project.conventions import inngest
from cronshift.project.conventions.sources import is_test
from cronshift.project.inngest_sdk import sdk_version
from cronshift.targets.typescript.app import app_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ast_grep_py import SgNode

    from cronshift.model import Location, Plan

_STEP_URL = "http://localhost/api/inngest"  # the SDK takes it from the request
_SOURCES = (".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs")
_HELPERS = {"cron": "cron", "eventType": "event"}  # functions of v4 that make a trigger
_TRIGGER_KEYS = {"cron": "cron", "jitter": "jitter", "event": "event", "if": "expression"}
_SENT = (
    ("name", "name"),
    ("retries", "retries"),
    ("timeouts", "timeouts"),
    ("concurrency", "concurrency"),
    ("throttle", "throttle"),
    ("rateLimit", "rateLimit"),
    ("debounce", "debounce"),
    ("batchEvents", "batchEvents"),
    ("cancelOn", "cancel"),
    ("idempotency", "idempotency"),
    ("priority", "priority"),
    ("singleton", "singleton"),
)
"""The options that are registered, and what they are called on the wire."""


def inspect_app(root: Path, plan: Plan) -> Registration:
    """Return the registration of the app's endpoint, as far as its source tells.

    The endpoint is the generated route where it serves, else every call of the SDK's ``serve`` in
    the project. Nothing is executed.

    Raises:
        ConfigError: ``not-generated`` when nothing in the project serves functions.
    """
    tree = SourceTree(root)
    calls = serve_calls(tree, app_of(plan).endpoint_file)
    if not calls:
        raise ConfigError(
            "Nothing in the app serves Inngest functions.",
            reason="not-generated",
            hint="cronshift migrate",
            where=app_of(plan).endpoint_file,
        )
    app_ids = [app_id for call in calls if (app_id := _app_id(tree, call)) is not None]
    app_id = app_ids[0] if app_ids else None
    listed = [item for call in calls for item in _listed_by(tree, call)]
    read = [item if isinstance(item, Unread) else _function(tree, item, app_id) for item in listed]
    unread = tuple(part for part in read if isinstance(part, Unread))
    places = {item.location for item in listed if isinstance(item, Expression)}
    version = sdk_version(tree)
    return Registration(
        app_id=app_id,
        sdk=f"inngest-js:v{'.'.join(map(str, version))}" if version else None,
        functions=tuple(part for part in read if isinstance(part, FunctionConfig)),
        count=len(listed),
        undeclared=() if unread else tuple(_undeclared(tree, plan, app_id, places)),
        unreadable=tuple(part for part in read if isinstance(part, Unregistrable)),
        unread=unread,
    )


def serve_calls(tree: SourceTree, endpoint_file: str | None) -> list[Expression]:
    """Return the calls of the SDK's ``serve``: the endpoint's, else those of all files."""
    calls = list(_serving(tree, endpoint_file)) if endpoint_file in tree.files else []
    return calls or [call for file in _sources(tree) for call in _serving(tree, file)]


def _serving(tree: SourceTree, file: str | None) -> Iterator[Expression]:
    root = tree.parsed(file) if file else None
    if file is None or root is None:
        return
    for call in inngest.serve_calls(root):
        yield Expression(file, call)


def _sources(tree: SourceTree) -> Iterator[str]:
    for file in sorted(tree.files):
        if file.endswith(_SOURCES) and not is_test(file) and "nngest" in tree.read(file):
            yield file


def serve_option(tree: SourceTree, call: Expression, name: str) -> Expression | None:
    """Return an option of a call of ``serve``, where its options are told."""
    passed = arguments(call.node)
    options = follow(tree, call.at(passed[0])) if passed else None
    if options is None or options.kind != "object":
        return None
    return dict(members(tree, options)).get(name)


def _app_id(tree: SourceTree, call: Expression) -> str | None:
    """Return the id of the client that serves."""
    client = serve_option(tree, call, "client")
    made = follow(tree, client) if client is not None else None
    passed = arguments(made.node) if made is not None and made.kind == "new_expression" else []
    options = value(tree, made.at(passed[0])) if made is not None and passed else None
    app_id = options.get("id") if isinstance(options, dict) else None
    return app_id if isinstance(app_id, str) else None


def _listed_by(tree: SourceTree, call: Expression) -> Iterator[Expression | Unread]:
    functions = serve_option(tree, call, "functions")
    if functions is None:
        yield Unread(f"the list of functions of {call}", call.location)
    else:
        yield from _elements(tree, functions)


def _elements(tree: SourceTree, listed: Expression) -> Iterator[Expression | Unread]:
    """Yield the elements of a list: an array, its spreads, or a known ``Object.values``."""
    followed = follow(tree, listed)
    if followed.kind == "array":
        if (name := _grown(tree, followed)) is not None:
            yield Unread(f"what is added to `{name}`", followed.location)
        for item in items(tree, followed):
            spread = item.node.child(1) if item.kind == "spread_element" else None
            if spread is None:
                yield _element(tree, item)
            elif follow(tree, item.at(spread)).kind != "array":
                yield from _elements(tree, item.at(spread))
            else:  # one that leads back to itself
                yield Unread(f"what `{item}` gives", item.location)
        return
    called = followed.node.field("function") if followed.kind == "call_expression" else None
    passed = arguments(followed.node) if called is not None else []
    if called is not None and called.text() == "Object.values" and len(passed) == 1:
        owner = follow(tree, followed.at(passed[0]))
        if owner.kind in {MODULE, "object"}:
            for _, member in members(tree, owner):
                if owner.kind != MODULE or follow(tree, member).kind == "call_expression":
                    yield _element(tree, member)
            return
    yield Unread(f"what `{followed}` gives", followed.location)


def _grown(tree: SourceTree, array: Expression) -> str | None:
    """Return the name of an array to which its file adds later, if it does."""
    node: SgNode | None = array.node
    while node is not None and node.kind() != "variable_declarator":
        node = node.parent() if node.kind() not in {"arguments", "pair", MODULE} else None
    named = node.field("name") if node is not None else None
    if named is None:
        return None
    adds = re.compile(rf"\b{re.escape(named.text())}\.(push|unshift|splice)\(")
    return named.text() if adds.search(tree.read(array.file)) else None


def _element(tree: SourceTree, item: Expression) -> Expression | Unread:
    followed = follow(tree, item)
    if _creates(followed.node):
        return followed
    return Unread(f"what `{followed}` gives", followed.location)


def _creates(node: SgNode) -> bool:
    called = node.field("function") if node.kind() == "call_expression" else None
    return called is not None and called.text().endswith(".createFunction")


def _function(
    tree: SourceTree, call: Expression, app_id: str | None
) -> FunctionConfig | Unregistrable | Unread:
    """Return the registration that one call of ``createFunction`` makes."""
    passed = arguments(call.node)
    options = value(tree, call.at(passed[0])) if passed else None
    local_id = options.get("id") if isinstance(options, dict) else None
    if not isinstance(options, dict) or not isinstance(local_id, str):
        return Unread("the id of the function made there", call.location)
    function_id = f"{app_id}-{local_id}" if app_id else local_id
    triggers = _triggers(tree, call, passed)
    wire: dict[str, Any] = {"name": local_id, "triggers": triggers or []}
    wire |= {sent: options[name] for name, sent in _SENT if options.get(name) is not None}
    computed = [name for name, sent in _SENT if sent in wire and not is_known(wire[sent])]
    if triggers is None or ("..." in options and not triggers):
        computed.insert(0, "triggers")
    wire = {name: option for name, option in wire.items() if is_known(option)}
    retries = wire.pop("retries", None)
    step = {"name": "step", "runtime": {"url": _STEP_URL}, "retries": {"attempts": retries}}
    wire |= {"id": function_id, "name": wire.get("name", local_id), "steps": {"step": step}}
    wire["cancel"] = [_cancel(event) for event in wire.get("cancel", ())]
    try:
        return FunctionConfig.from_wire(wire, call.location, computed=tuple(computed))
    except NotWellError as error:
        return Unregistrable(function_id, str(error.__cause__ or error), call.location)


def _cancel(event: Any) -> Any:
    """Return a cancelling event without the timeouts that the SDK itself writes: numbers, dates."""
    if isinstance(event, dict) and not isinstance(event.get("timeout"), str):
        return {name: setting for name, setting in event.items() if name != "timeout"}
    return event


def _triggers(
    tree: SourceTree, call: Expression, passed: list[SgNode]
) -> list[dict[str, str]] | None:
    """Return the triggers, in whichever of the two shapes they stand; ``None`` for computed ones."""
    options = follow(tree, call.at(passed[0]))
    written = dict(members(tree, options)).get("triggers")
    if written is None and len(passed) == 3:  # noqa: PLR2004 - options, trigger, handler: v3
        written = call.at(passed[1])
    if written is None:
        return []
    followed = follow(tree, written)
    triggers = [
        _trigger(tree, item)
        for item in (items(tree, followed) if followed.kind == "array" else [followed])
    ]
    readable = [trigger for trigger in triggers if trigger is not None]
    return readable if len(readable) == len(triggers) else None


def _trigger(tree: SourceTree, expression: Expression) -> dict[str, str] | None:
    """Return one trigger on the wire; ``None`` where only running the code would tell it."""
    followed = follow(tree, expression)
    if followed.kind == "call_expression":
        called, passed = followed.node.field("function"), arguments(followed.node)
        key = _HELPERS.get(called.text()) if called is not None else None
        argument = value(tree, followed.at(passed[0])) if key and passed else None
        return {key: argument} if key and isinstance(argument, str) else None
    spelt = value(tree, followed)
    if not isinstance(spelt, dict) or "..." in spelt or not is_known(spelt):
        return None
    return {wire: spelt[name] for name, wire in _TRIGGER_KEYS.items() if name in spelt}


def _undeclared(
    tree: SourceTree, plan: Plan, app_id: str | None, listed: set[Location]
) -> Iterator[Undeclared]:
    """Yield the functions that a module makes at its top and that no list of the endpoint holds.

    Those outside the generated folder only if they are a job's: the others may be another app's.
    """
    for file in _sources(tree):
        root = tree.parsed(file)
        inside = PurePosixPath(file).is_relative_to(plan.out)
        for node in root.children() if root is not None else ():
            for call in _created_at_top(node):
                made = Expression(file, call)
                read = _function(tree, made, app_id)
                if made.location in listed or isinstance(read, Unread):
                    continue
                if inside or plan.job(read.id.removeprefix(f"{app_id}-")) is not None:
                    yield Undeclared(read.id, made.location)


def _created_at_top(statement: SgNode) -> Iterator[SgNode]:
    """Yield the calls of a statement that are the value of a constant, or exported as default."""
    declared = statement.field("declaration") or statement
    for holder in (declared, *declared.children()):
        assigned = holder.field("value")
        if assigned is not None and _creates(assigned):
            yield assigned
