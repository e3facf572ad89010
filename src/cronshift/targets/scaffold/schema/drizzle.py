"""The tables of an app's Drizzle schema; its files are parsed and never run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.javascript import arguments, imports, line_of
from cronshift.handlers.literals import UNKNOWN, literal, pairs
from cronshift.project.conventions.sources import is_test, own_sources
from cronshift.targets.scaffold.schema.model import (
    AppColumn,
    AppSchema,
    ColumnKind,
    Model,
    SchemaSource,
    StatusType,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_PACKAGE = "drizzle-orm"
_TABLES = {"pgTable": "postgresql", "sqliteTable": "sqlite", "mysqlTable": "mysql"}
_CREATORS = {f"{name}Creator": dialect for name, dialect in _TABLES.items()}
_KINDS = {
    ColumnKind.INTEGER: {
        "integer",
        "int",
        "bigint",
        "smallint",
        "serial",
        "bigserial",
        "smallserial",
    },
    ColumnKind.NUMBER: {"numeric", "decimal", "real", "doublePrecision", "double", "float"},
    ColumnKind.TEXT: {"text", "varchar", "char"},
    ColumnKind.TIME: {"timestamp", "date", "datetime"},
    ColumnKind.BOOLEAN: {"boolean"},
    ColumnKind.JSON: {"json", "jsonb"},
}
_OF_TYPE = {name: kind for kind, names in _KINDS.items() for name in names}
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass
class _DrizzleCode:
    """The definitions in the files of a schema, by name and file."""

    snake: bool = False
    types: dict[str, StatusType] = field(default_factory=dict)
    tables: dict[str, Model] = field(default_factory=dict)
    groups: dict[str, SgNode] = field(default_factory=dict)
    dialect: str | None = None


class _Chain(Struct, frozen=True):
    """A column: ``integer("n").notNull().references(() => users.id)``, its calls by their names."""

    root: SgNode
    calls: dict[str, SgNode]

    @property
    def type(self) -> str:
        function = self.root.field("function")
        return function.text().rpartition(".")[2] if function is not None else ""


def read_drizzle(tree: SourceTree) -> AppSchema | None:
    """Return the tables of a project's Drizzle schema; ``None`` where there are none."""
    files = [
        file for file in own_sources(tree) if _PACKAGE in tree.read(file) and not is_test(file)
    ]
    config = config_of(tree)
    code = _DrizzleCode(snake=bool(config and re.search(r"casing\W+snake_case", tree.read(config))))
    if any(re.search(r"casing\W+snake_case", tree.read(file)) for file in files):
        code.snake = True
    for file in sorted(files):
        _read_names(tree, file, code)
    for file in sorted(files):
        for name, call, dialect in _tables(tree, file):
            code.dialect = dialect
            _read_table(code, file, name, call)
    if not code.tables:
        return None
    models = tuple(_resolved(model, code.tables) for model in code.tables.values())
    variable = re.search(r"process\.env\.(\w+)", tree.read(config)) if config else None
    return AppSchema(
        SchemaSource.DRIZZLE,
        models,
        code.dialect,
        variable[1] if variable else None,
        tuple(code.types.values()),
    )


def config_of(tree: SourceTree) -> str | None:
    """Return the configuration of drizzle-kit."""
    names = (f"drizzle.config.{suffix}" for suffix in ("ts", "mts", "js", "mjs", "cjs", "json"))
    return next((name for name in names if name in tree.files), None)


def _declared(tree: SourceTree, file: str) -> Iterator[tuple[str, SgNode]]:
    """Yield the names and values of a file's constants, those of its first level."""
    root = tree.parsed(file)
    for node in root.find_all(kind="variable_declarator") if root is not None else ():
        name, value = node.field("name"), node.field("value")
        if name is not None and value is not None:
            yield name.text(), value


def _read_names(tree: SourceTree, file: str, code: _DrizzleCode) -> None:
    """Keep a file's enums, and the groups of columns that tables spread."""
    for name, value in _declared(tree, file):
        if value.kind() == "object":
            code.groups[name] = value
        elif value.kind() in {"arrow_function", "function_expression"}:
            body = value.field("body")
            inner = body.find(kind="object") if body is not None else None
            if inner is not None:
                code.groups[name] = inner
        elif value.kind() == "call_expression":
            _read_type(tree, file, name, value, code)


def _read_type(tree: SourceTree, file: str, name: str, call: SgNode, code: _DrizzleCode) -> None:
    function = call.field("function")
    if function is None or function.text().rpartition(".")[2] not in {"pgEnum", "enum"}:
        return
    values = arguments(call)
    called = literal(values[0]) if values else UNKNOWN
    labels = _labels(tree, file, values[1]) if len(values) > 1 else ()
    if isinstance(called, str) and labels:
        code.types[name] = StatusType(name, called, labels, f"{file}:{line_of(call)}", labels)


def _labels(tree: SourceTree, file: str, node: SgNode) -> tuple[str, ...]:
    """Return the labels that a list spells, or that a constant of the file does."""
    value = literal(node)
    if value is UNKNOWN and node.kind() == "identifier":
        value = next((literal(v) for name, v in _declared(tree, file) if name == node.text()), None)
    if isinstance(value, list) and all(isinstance(label, str) for label in value):
        return tuple(value)
    return ()


def _tables(tree: SourceTree, file: str) -> Iterator[tuple[str, SgNode, str]]:
    """Yield the tables that a file makes: their names there, the call, the dialect."""
    root = tree.parsed(file)
    if root is None:
        return
    makers = dict(_TABLES)
    for name, value in _declared(tree, file):
        function = value.field("function") if value.kind() == "call_expression" else None
        called = function.text() if function is not None else ""
        if called in _CREATORS:
            makers[name] = _CREATORS[called]
        if called == "pgSchema":
            makers[f"{name}.table"] = "postgresql"
    for local, (source, _) in imports(root).items():
        if "createTable" in local and source.startswith("."):
            makers.setdefault(local, "postgresql")
    for name, value in _declared(tree, file):
        function = value.field("function") if value.kind() == "call_expression" else None
        if function is not None and function.text() in makers:
            yield name, value, makers[function.text()]


def _read_table(code: _DrizzleCode, file: str, name: str, call: SgNode) -> None:
    values = arguments(call)
    called = literal(values[0]) if values else UNKNOWN
    if not isinstance(called, str) or len(values) < 2:  # noqa: PLR2004 - a name and its columns
        return
    columns = values[1] if values[1].kind() == "object" else values[1].find(kind="object")
    if columns is None:
        return
    fields = tuple(_fields(code, file, columns, depth=3))
    alone = {match[1] for match in re.finditer(r"\.on\(\s*\w+\.(\w+)\s*\)", call.text())}
    unique = alone if "unique" in call.text() else set()
    keyed = (
        replace(each, is_key=each.is_key or _is_unique(call, each.attribute, unique))
        for each in fields
    )
    code.tables[name] = Model(called, name, tuple(keyed), f"{file}:{line_of(call)}")


def _is_unique(call: SgNode, attribute: str, unique: set[str]) -> bool:
    """Return whether a unique index of a table is that of this column alone."""
    pattern = rf"unique(?:Index)?\([^)]*\)\s*\.on\(\s*\w+\.{re.escape(attribute)}\s*\)"
    return attribute in unique and re.search(pattern, call.text()) is not None


def _fields(code: _DrizzleCode, file: str, columns: SgNode, depth: int) -> Iterator[AppColumn]:
    for child in columns.children():
        if child.kind() == "spread_element" and depth:
            name = re.sub(r"\W.*", "", child.text().removeprefix("...").strip())
            if name in code.groups:
                yield from _fields(code, file, code.groups[name], depth - 1)
    for attribute, value in pairs(columns):
        chain = _chain(value)
        if chain is not None:
            yield _field(code, file, attribute, chain)


def _chain(value: SgNode) -> _Chain | None:
    calls: dict[str, SgNode] = {}
    node: SgNode | None = value
    for _ in range(20):
        function = (
            node.field("function")
            if node is not None and node.kind() == "call_expression"
            else None
        )
        if node is None or function is None:
            return None
        inner = function.field("object") if function.kind() == "member_expression" else None
        if inner is None or inner.kind() != "call_expression":
            return _Chain(node, calls)
        member = function.field("property")
        calls[member.text() if member is not None else ""] = node
        node = inner
    return None


def _field(code: _DrizzleCode, file: str, attribute: str, chain: _Chain) -> AppColumn:
    values = arguments(chain.root)
    first: Any = literal(values[0]) if values else UNKNOWN
    bare = _CAPITAL.sub("_", attribute).lower() if code.snake else attribute
    options: Any = next((literal(value) for value in values if value.kind() == "object"), {})
    place = f"{file}:{line_of(chain.root)}"
    states = code.types.get(chain.type)
    listed = options.get("enum") if isinstance(options, dict) else None
    if isinstance(listed, list) and all(isinstance(label, str) for label in listed):
        labels = tuple(listed)
        states = StatusType(attribute, None, labels, place, labels)
    kind = ColumnKind.LABEL if states else _OF_TYPE.get(chain.type, ColumnKind.OTHER)
    if isinstance(options, dict) and str(options.get("mode", "")).startswith("timestamp"):
        kind = ColumnKind.TIME
    return AppColumn(
        first if isinstance(first, str) else bare,
        attribute,
        ColumnKind.LIST if "array" in chain.calls else kind,
        place,
        _reference(chain),
        bool({"primaryKey", "unique"} & chain.calls.keys()),
        states,
        default=_default(chain),
        is_updated="$onUpdate" in chain.calls or "$onUpdateFn" in chain.calls,
    )


def _default(chain: _Chain) -> str | None:
    call = chain.calls.get("default")
    values = arguments(call) if call is not None else []
    value = literal(values[0]) if values else None
    return value if isinstance(value, str) else None


def _reference(chain: _Chain) -> tuple[str, str] | None:
    """Return the table and column that a column refers to, as the code names them."""
    call = chain.calls.get("references")
    match = (
        re.search(r"=>\s*(\w+)\.(\w+)", call.text()[call.text().rfind("references") :])
        if call
        else None
    )
    return (match[1], match[2]) if match else None


def _resolved(model: Model, tables: dict[str, Model]) -> Model:
    """Return a table whose references name tables and columns as the database does."""
    return replace(model, fields=tuple(_referring(column, tables) for column in model.fields))


def _referring(column: AppColumn, tables: dict[str, Model]) -> AppColumn:
    target = tables.get(column.references[0]) if column.references else None
    if column.references is None or target is None:
        return replace(column, references=None)
    other = target.field(column.references[1])
    name = other.name if other else column.references[1]
    return replace(column, references=(target.name, name))
