"""The tables of an app's SQLAlchemy and SQLModel classes; their files are parsed and never run."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cronshift.project.conventions.sources import is_test
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

    from cronshift.handlers.tree import SourceTree

_SPEAKS = ("sqlalchemy", "sqlmodel", "Enum)", "__tablename__", "DeclarativeBase")
_KINDS = {
    ColumnKind.INTEGER: {"int", "Integer", "BigInteger", "SmallInteger", "BIGINT", "INTEGER"},
    ColumnKind.NUMBER: {"float", "Decimal", "Numeric", "Float", "NUMERIC", "DECIMAL", "Double"},
    ColumnKind.TEXT: {"str", "String", "Text", "VARCHAR", "TEXT", "Unicode", "CHAR"},
    ColumnKind.TIME: {"datetime", "date", "DateTime", "TIMESTAMP", "Date"},
    ColumnKind.BOOLEAN: {"bool", "Boolean"},
    ColumnKind.LIST: {"ARRAY", "list", "List"},
    ColumnKind.JSON: {"dict", "Dict", "JSON", "JSONB"},
}
_ENUMS = {
    "Enum",
    "SAEnum",
    "SQLEnum",
    "SqlEnum",
    "SQLAlchemyEnum",
    "PgEnum",
    "ENUM",
    "SqlAlchemyEnum",
}
_COLUMNS = {"Column", "mapped_column", "Field"}
_DEEPEST = 4  # classes that a class takes columns from


@dataclass
class _Classes:
    """The classes of a project, by name."""

    classes: dict[str, tuple[str, ast.ClassDef]] = field(default_factory=dict)

    def bases(self, node: ast.ClassDef) -> list[str]:
        return [_name(base) for base in node.bases]

    def is_enum(self, name: str) -> bool:
        if name not in self.classes:
            return False
        bases = self.bases(self.classes[name][1])
        return any(base in {"Enum", "StrEnum", "IntEnum", "PyEnum"} for base in bases)


def read_sqlalchemy(tree: SourceTree) -> AppSchema | None:
    """Return the tables of a project's classes; ``None`` where there are none."""
    code = _Classes()
    for file in sorted(tree.files):
        if file.endswith(".py") and not is_test(file):
            for node in _classes(tree.read(file)):
                code.classes.setdefault(node.name, (file, node))
    tables = {
        name: table
        for name, (_, node) in code.classes.items()
        if (table := _table_name(node)) is not None
    }
    if not tables:
        return None
    models = tuple(_model(code, name, table) for name, table in tables.items())
    types = dict.fromkeys(
        column.states for model in models for column in model.fields if column.states
    )
    return AppSchema(SchemaSource.SQLALCHEMY, models, types=tuple(types))


def _classes(text: str) -> Iterator[ast.ClassDef]:
    if not any(word in text for word in _SPEAKS):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the app's own escapes
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from (node for node in module.body if isinstance(node, ast.ClassDef))


def _table_name(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if any(_name(target) == "__tablename__" for target in targets):
            value = _constant(getattr(statement, "value", None))
            return value if isinstance(value, str) else None
    is_table = any(
        keyword.arg == "table" and _constant(keyword.value) is True for keyword in node.keywords
    )
    return node.name.lower() if is_table else None


def _model(code: _Classes, name: str, table: str) -> Model:
    file, node = code.classes[name]
    fields = tuple({column.name: column for column in _fields(code, name, _DEEPEST)}.values())
    return Model(table, name, fields, f"{file}:{node.lineno}", _schema(node))


def _schema(node: ast.ClassDef) -> str | None:
    """Return the schema that ``__table_args__`` names."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and _name(statement.targets[0]) == "__table_args__":
            for part in ast.walk(statement.value):
                if isinstance(part, ast.Dict):
                    pairs = zip(part.keys, part.values, strict=True)
                    named = {_constant(key): _constant(value) for key, value in pairs}
                    schema = named.get("schema")
                    return schema if isinstance(schema, str) else None
    return None


def _fields(code: _Classes, name: str, depth: int) -> Iterator[AppColumn]:
    """Yield the columns of a class, those of the classes it is made from first."""
    file, node = code.classes[name]
    for base in code.bases(node) if depth else ():
        if base in code.classes and base != name:
            yield from _fields(code, base, depth - 1)
    for statement in node.body:
        column = _field(code, file, statement)
        if column is not None:
            yield column


def _field(code: _Classes, file: str, statement: ast.stmt) -> AppColumn | None:
    annotation = statement.annotation if isinstance(statement, ast.AnnAssign) else None
    if isinstance(statement, ast.AnnAssign):
        attribute = _name(statement.target)
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        attribute = _name(statement.targets[0])
    else:
        return None
    value = statement.value
    call = value if isinstance(value, ast.Call) else None
    is_column = call is not None and _name(call.func) in _COLUMNS
    is_bare = annotation is not None and not is_column and not _is_relation(annotation, call)
    if attribute.startswith("_") or not (is_column or is_bare):
        return None
    words = [_name(part) for part in _parts(annotation)] if annotation else []
    words += [_name(part) for argument in _arguments(call) for part in _parts(argument)]
    first = _constant(call.args[0]) if call is not None and call.args else None
    states = _states(code, words, call)
    return AppColumn(
        first if isinstance(first, str) else attribute,
        attribute,
        ColumnKind.LABEL if states else _kind(words),
        f"{file}:{statement.lineno}",
        _reference(call),
        _is_key(call),
        states,
        default=_default(call, states),
    )


def _default(call: ast.Call | None, states: StatusType | None) -> str | None:
    for keyword in call.keywords if call else ():
        if keyword.arg == "default":
            value = _constant(keyword.value)
            if isinstance(value, str):
                return value
            return states.label_of(_name(keyword.value)) if states else None
    return None


def _is_relation(annotation: ast.expr, call: ast.Call | None) -> bool:
    called = _name(call.func) if call is not None else ""
    is_mapped = isinstance(annotation, ast.Subscript) and _name(annotation.value) == "Mapped"
    words = {_name(part) for part in _parts(annotation)}
    return called in {"relationship", "Relationship"} or not (
        is_mapped or words & set().union(*_KINDS.values())
    )


def _arguments(call: ast.Call | None) -> list[ast.expr]:
    if call is None:
        return []
    kept = {"sa_type", "sa_column", "type_"}
    return [*call.args, *(each.value for each in call.keywords if each.arg in kept)]


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute):
            yield part


def _kind(words: list[str]) -> ColumnKind:
    for kind in (
        ColumnKind.LIST,
        ColumnKind.JSON,
        ColumnKind.TIME,
        ColumnKind.NUMBER,
        ColumnKind.INTEGER,
        ColumnKind.BOOLEAN,
        ColumnKind.TEXT,
    ):
        if _KINDS[kind].intersection(words):
            return kind
    return ColumnKind.OTHER


def _states(code: _Classes, words: list[str], call: ast.Call | None) -> StatusType | None:
    enum = next((word for word in words if code.is_enum(word)), None)
    if enum is None:
        return None
    file, node = code.classes[enum]
    members, values = [], []
    for statement in node.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            members.append(_name(statement.targets[0]))
            value = _constant(statement.value)
            values.append(value if isinstance(value, str) else members[-1].lower())
    options = _enum_options(call)
    is_text = not options and any(word in _KINDS[ColumnKind.TEXT] for word in words)
    by_value = "values_callable" in options or is_text
    name = _constant(options.get("name"))
    is_native = not is_text and _constant(options.get("native_enum")) is not False
    database = (name if isinstance(name, str) else enum.lower()) if is_native else None
    labels = values if by_value else members
    return StatusType(enum, database, tuple(labels), f"{file}:{node.lineno}", tuple(members))


def _enum_options(call: ast.Call | None) -> dict[str, ast.expr]:
    for part in ast.walk(call) if call is not None else ():
        if isinstance(part, ast.Call) and _name(part.func) in _ENUMS:
            return {"": part, **{each.arg: each.value for each in part.keywords if each.arg}}
    return {}


def _reference(call: ast.Call | None) -> tuple[str, str] | None:
    """Return the table and column that a foreign key names."""
    targets = [
        part.args[0]
        for part in (ast.walk(call) if call is not None else ())
        if isinstance(part, ast.Call) and _name(part.func) == "ForeignKey" and part.args
    ]
    targets += [each.value for each in (call.keywords if call else ()) if each.arg == "foreign_key"]
    for target in targets:
        named = _constant(target)
        if isinstance(named, str) and "." in named:
            table, _, column = named.rpartition(".")
            return table.rpartition(".")[2], column
    return None


def _is_key(call: ast.Call | None) -> bool:
    keys = {"primary_key", "unique"}
    return any(
        part.arg in keys and _constant(part.value) is True
        for part in (call.keywords if call else ())
    )


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _constant(node: ast.AST | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None
