"""The Inngest functions of an app's own that a schedule starts, read from its source."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import arguments, imports, line_of, locally
from cronshift.handlers.literals import literal, pairs
from cronshift.model import Location
from cronshift.project.conventions.made_functions import NAMES, made_of, node_of
from cronshift.project.conventions.sources import is_generated, is_test, own_sources
from cronshift.project.slug import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.project.conventions.made_functions import Named


class CronFunction(Struct, frozen=True):
    """One function that a schedule starts.

    Attributes:
        id: as Inngest has it, without the app's.
        crons: its schedules as they are written; empty where only running the code would tell one.
        text: its own source.
        uses: what it uses of other modules of the app: each module, and the name there.
    """

    id: str
    crons: tuple[str, ...]
    location: Location
    text: str
    uses: frozenset[tuple[str, str]]


def cron_functions(tree: SourceTree) -> tuple[CronFunction, ...]:
    """Return the functions that a schedule starts, cronshift's own left out."""
    return (*_typescript(tree), *_python(tree))


def uses_of(tree: SourceTree, file: str, text: str | None = None) -> frozenset[tuple[str, str]]:
    """Return the names of other modules of the app that a part of a file uses; all of it by default."""
    text = tree.read(file) if text is None else text
    bound = _bound(tree, file)
    return frozenset(
        each for name, each in bound.items() if re.search(rf"(?<![\w.]){re.escape(name)}\b", text)
    )


def _bound(tree: SourceTree, file: str) -> dict[str, tuple[str, str]]:
    """Return the names that a file imports from the app: each module, and the name there."""
    if file.endswith(".py"):
        return {
            alias.asname or alias.name: (node.module.rpartition(".")[2], alias.name)
            for node in ast.walk(tree.python(file))
            if isinstance(node, ast.ImportFrom) and node.module and _is_own(tree, node)
            for alias in node.names
        }
    root = tree.parsed(file)
    return {
        name: (module, there)
        for name, (source, there) in (imports(root) if root is not None else {}).items()
        if (module := tree.imported(file, source)) is not None
    }


def _is_own(tree: SourceTree, node: ast.ImportFrom) -> bool:
    path = (node.module or "").replace(".", "/")
    return node.level > 0 or any(
        file.endswith((f"{path}.py", f"{path}/__init__.py")) for file in tree.files
    )


# TypeScript and JavaScript


def _typescript(tree: SourceTree) -> Iterator[CronFunction]:
    for file in own_sources(tree):
        if is_test(file) or "createFunction" not in tree.read(file):
            continue
        root = tree.parsed(file)
        for call in root.find_all(kind="call_expression") if root is not None else ():
            called, passed = call.field("function"), arguments(call)
            if called is None or not called.text().endswith(".createFunction") or not passed:
                continue
            for named in made_of(tree, file, call):
                made = _of_call(tree, file, call, named)
                if made is not None:
                    yield made


def _of_call(tree: SourceTree, file: str, call: SgNode, named: Named) -> CronFunction | None:
    """Return the function that a call of ``createFunction`` makes, where a schedule starts it."""
    passed = arguments(call)
    triggers = list(_triggers(passed))
    name = _name(tree, file, passed[0], named)
    if not triggers or not name:
        return None
    crons = [_text(tree, file, trigger, named) for trigger in triggers]
    text = "\n".join([call.text(), *(node.text() for node in named.values())])
    return CronFunction(
        name,
        tuple(cron for cron in crons if cron) if all(crons) else (),
        Location(file, line_of(call)),
        text,
        uses_of(tree, file, text),
    )


def _name(tree: SourceTree, file: str, options: SgNode, named: Named) -> str | None:
    """Return a function's id; before version 3 of the SDK it was made from its name."""
    if options.kind() != "object":
        text = _text(tree, file, options, named)
        return slug(text) if text else None
    members = dict(pairs(options))
    if "id" in members:
        return _text(tree, file, members["id"], named)
    text = _text(tree, file, members["name"], named) if "name" in members else None
    return slug(text) if text else None


def _triggers(passed: list[SgNode]) -> Iterator[SgNode]:
    """Yield the schedules of a function: of its second argument, or of ``triggers`` in its first."""
    options = dict(pairs(passed[0])) if passed[0].kind() == "object" else {}
    between = passed[1:-1] if len(passed) > 2 else []  # noqa: PLR2004 - options, trigger, handler
    for node in (*between, *(options[name] for name in ("triggers", "trigger") if name in options)):
        yield from _crons(node)


def _crons(node: SgNode) -> Iterator[SgNode]:
    kind = str(node.kind())
    if kind == "array":
        for child in node.children():
            yield from _crons(child)
    elif kind == "object":
        yield from (value for name, value in pairs(node) if name == "cron")
    elif kind == "call_expression":
        called, passed = node.field("function"), arguments(node)
        if called is not None and called.text().rpartition(".")[2] == "cron" and passed:
            is_object = passed[0].kind() == "object"
            yield from _crons(passed[0]) if is_object else (passed[0],)


def _text(tree: SourceTree, file: str, node: SgNode, named: Named) -> str | None:
    """Return the text that an expression spells, or a constant that it names; else ``None``."""
    if node.kind() == "template_string":
        parts = [_part(tree, file, part, named) for part in node.children()[1:-1]]
        return None if None in parts else "".join(part for part in parts if part is not None)
    stands_for = node_of(node, named)
    if stands_for is None and node.kind() in NAMES:
        definition = locally(tree, file, node.text())
        stands_for = definition.node if definition else None
    value = literal(stands_for if stands_for is not None else node)
    return value if isinstance(value, str) else None


def _part(tree: SourceTree, file: str, part: SgNode, named: Named) -> str | None:
    """Return the text of a template's part."""
    inner = part.child(1) if part.kind() == "template_substitution" else None
    return part.text() if inner is None else _text(tree, file, inner, named)


# Python


def _python(tree: SourceTree) -> Iterator[CronFunction]:
    for file in sorted(tree.files):
        text = tree.read(file) if file.endswith(".py") and not is_test(file) else ""
        if "create_function" not in text or is_generated(tree, file):
            continue
        module = tree.python(file)
        constants = {
            target.id: node.value.value
            for node in module.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for call in _created(node.decorator_list):
                    source = ast.get_source_segment(text, node) or ""
                    made = _made(call, constants, Location(file, node.lineno), source)
                    if made is not None:
                        yield _with_uses(tree, file, made)


def _with_uses(tree: SourceTree, file: str, made: CronFunction) -> CronFunction:
    uses = uses_of(tree, file, made.text)
    return CronFunction(made.id, made.crons, made.location, made.text, uses)


def _created(decorators: Iterable[ast.expr]) -> Iterator[ast.Call]:
    for node in decorators:
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".create_function"):
            yield node


def _made(
    call: ast.Call, constants: Mapping[str, object], place: Location, source: str
) -> CronFunction | None:
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    name = _constant(options.get("fn_id"), constants)
    trigger = options.get("trigger")
    listed = trigger.elts if isinstance(trigger, ast.List | ast.Tuple) else [trigger]
    crons = [
        _constant(next((k.value for k in node.keywords if k.arg == "cron"), None), constants)
        for node in listed
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("TriggerCron")
    ]
    if not name or not crons:
        return None
    spelled = tuple(cron for cron in crons if cron) if all(crons) else ()
    return CronFunction(name, spelled, place, source, frozenset())


def _constant(node: ast.expr | None, constants: Mapping[str, object]) -> str | None:
    value: object = node.value if isinstance(node, ast.Constant) else None
    if isinstance(node, ast.Name):
        value = constants.get(node.id)
    return value if isinstance(value, str) else None
