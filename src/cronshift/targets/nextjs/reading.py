"""The app's own TypeScript, read without running it: what its endpoint would register.

From the call of ``serve`` its list is followed to each ``createFunction``, whose options are turned
into the shape that the SDK would send (npm ``inngest`` ``components/InngestFunction.js``, the same
in v3 and v4 but for the triggers, which v3 takes as the second argument). What only running the
code would tell is kept as unread or computed, and never guessed.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError, NotWellError
from cronshift.handlers.javascript import arguments, imports
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
from cronshift.project.conventions.sources import is_test
from cronshift.project.inngest_sdk import sdk_version
from cronshift.targets.nextjs.app import app_of
from cronshift.validation.registration import (
    FunctionConfig,
    Registration,
    Undeclared,
    Unread,
    Unreadable,
)

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
    """Return what the app's endpoint would register, as far as its source tells.

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
    listed = [one for call in calls for one in _listed_by(tree, call)]
    read = [one if isinstance(one, Unread) else _function(tree, one, app_id) for one in listed]
    unread = tuple(one for one in read if isinstance(one, Unread))
    places = {one.location for one in listed if isinstance(one, Expression)}
    version = sdk_version(tree)
    return Registration(
        app_id=app_id,
        sdk=f"inngest-js:v{'.'.join(map(str, version))}" if version else None,
        functions=tuple(one for one in read if isinstance(one, FunctionConfig)),
        count=len(listed),
        undeclared=() if unread else tuple(_undeclared(tree, plan, app_id, places)),
        unreadable=tuple(one for one in read if isinstance(one, Unreadable)),
        unread=unread,
    )


def serve_calls(tree: SourceTree, endpoint_file: str | None) -> list[Expression]:
    """Return the calls of the SDK's ``serve``: the endpoint's, else those of all files."""
    own = list(_serving(tree, endpoint_file)) if endpoint_file in tree.files else []
    return own or [call for file in _sources(tree) for call in _serving(tree, file)]


def _serving(tree: SourceTree, file: str | None) -> Iterator[Expression]:
    root = tree.parsed(file) if file else None
    if file is None or root is None:
        return
    names = {
        name
        for name, (source, own) in imports(root).items()
        if source.startswith("inngest/") and own == "serve"
    }
    for call in root.find_all(kind="call_expression") if names else ():
        called = call.field("function")
        if called is not None and called.text() in names:
            yield Expression(file, call)


def _sources(tree: SourceTree) -> Iterator[str]:
    for file in sorted(tree.files):
        if file.endswith(_SOURCES) and not is_test(file) and "nngest" in tree.read(file):
            yield file


def serve_option(tree: SourceTree, call: Expression, name: str) -> Expression | None:
    """Return an option of a call of ``serve``, where its options are told."""
    given = arguments(call.node)
    options = follow(tree, call.at(given[0])) if given else None
    if options is None or options.kind != "object":
        return None
    return dict(members(tree, options)).get(name)


def _app_id(tree: SourceTree, call: Expression) -> str | None:
    """Return the id of the client that serves."""
    client = serve_option(tree, call, "client")
    made = follow(tree, client) if client is not None else None
    given = arguments(made.node) if made is not None and made.kind == "new_expression" else []
    known = value(tree, made.at(given[0])) if made is not None and given else None
    app_id = known.get("id") if isinstance(known, dict) else None
    return app_id if isinstance(app_id, str) else None


def _listed_by(tree: SourceTree, call: Expression) -> Iterator[Expression | Unread]:
    functions = serve_option(tree, call, "functions")
    if functions is None:
        yield Unread(f"the list of functions of {call}", call.location)
    else:
        yield from _elements(tree, functions)


def _elements(tree: SourceTree, listed: Expression) -> Iterator[Expression | Unread]:
    """Yield what a list holds: an array, its spreads, or ``Object.values`` of a known object."""
    held = follow(tree, listed)
    if held.kind == "array":
        if (name := _grown(tree, held)) is not None:
            yield Unread(f"what is added to `{name}`", held.location)
        for item in items(tree, held):
            spread = item.node.child(1) if item.kind == "spread_element" else None
            if spread is None:
                yield _element(tree, item)
            elif follow(tree, item.at(spread)).kind != "array":
                yield from _elements(tree, item.at(spread))
            else:  # one that leads back to itself
                yield Unread(f"what `{item}` gives", item.location)
        return
    called = held.node.field("function") if held.kind == "call_expression" else None
    given = arguments(held.node) if called is not None else []
    if called is not None and called.text() == "Object.values" and len(given) == 1:
        owner = follow(tree, held.at(given[0]))
        if owner.kind in {MODULE, "object"}:
            for _, member in members(tree, owner):
                if owner.kind != MODULE or follow(tree, member).kind == "call_expression":
                    yield _element(tree, member)
            return
    yield Unread(f"what `{held}` gives", held.location)


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
    held = follow(tree, item)
    if _creates(held.node):
        return held
    return Unread(f"what `{held}` gives", held.location)


def _creates(node: SgNode) -> bool:
    called = node.field("function") if node.kind() == "call_expression" else None
    return called is not None and called.text().endswith(".createFunction")


def _function(
    tree: SourceTree, call: Expression, app_id: str | None
) -> FunctionConfig | Unreadable | Unread:
    """Return the registration that one call of ``createFunction`` makes."""
    given = arguments(call.node)
    options = value(tree, call.at(given[0])) if given else None
    local_id = options.get("id") if isinstance(options, dict) else None
    if not isinstance(options, dict) or not isinstance(local_id, str):
        return Unread("the id of the function made there", call.location)
    function_id = f"{app_id}-{local_id}" if app_id else local_id
    triggers = _triggers(tree, call, given)
    wire: dict[str, Any] = {"name": local_id, "triggers": triggers or []}
    wire |= {sent: options[name] for name, sent in _SENT if options.get(name) is not None}
    computed = [name for name, sent in _SENT if sent in wire and not is_known(wire[sent])]
    if triggers is None or ("..." in options and not triggers):
        computed.insert(0, "triggers")
    wire = {name: given for name, given in wire.items() if is_known(given)}
    retries = wire.pop("retries", None)
    step = {"name": "step", "runtime": {"url": _STEP_URL}, "retries": {"attempts": retries}}
    wire |= {"id": function_id, "name": wire.get("name", local_id), "steps": {"step": step}}
    wire["cancel"] = [_cancel(one) for one in wire.get("cancel", ())]
    try:
        return FunctionConfig.from_wire(wire, call.location, computed=tuple(computed))
    except NotWellError as error:
        return Unreadable(function_id, str(error.__cause__ or error), call.location)


def _cancel(given: Any) -> Any:
    """Return a cancelling event without the timeouts that the SDK itself writes: numbers, dates."""
    if isinstance(given, dict) and not isinstance(given.get("timeout"), str):
        return {name: told for name, told in given.items() if name != "timeout"}
    return given


def _triggers(
    tree: SourceTree, call: Expression, given: list[SgNode]
) -> list[dict[str, str]] | None:
    """Return the triggers, in whichever of the two shapes they stand; ``None`` for computed ones."""
    options = follow(tree, call.at(given[0]))
    written = dict(members(tree, options)).get("triggers")
    if written is None and len(given) == 3:  # noqa: PLR2004 - options, trigger, handler: v3
        written = call.at(given[1])
    if written is None:
        return []
    held = follow(tree, written)
    found = [_trigger(tree, one) for one in (items(tree, held) if held.kind == "array" else [held])]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) else None


def _trigger(tree: SourceTree, expression: Expression) -> dict[str, str] | None:
    """Return one trigger on the wire; ``None`` where only running the code would tell it."""
    held = follow(tree, expression)
    if held.kind == "call_expression":
        called, given = held.node.field("function"), arguments(held.node)
        key = _HELPERS.get(called.text()) if called is not None else None
        told = value(tree, held.at(given[0])) if key and given else None
        return {key: told} if key and isinstance(told, str) else None
    spelt = value(tree, held)
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
        held = holder.field("value")
        if held is not None and _creates(held):
            yield held
