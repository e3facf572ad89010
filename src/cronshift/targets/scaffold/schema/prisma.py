"""The tables of a Prisma schema, as its text has them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.targets.scaffold.prisma import blanked
from cronshift.targets.scaffold.schema.model import (
    AppColumn,
    AppSchema,
    ColumnKind,
    Model,
    SchemaSource,
    StatusType,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BLOCK = re.compile(
    r"^[ \t]*(?P<kind>model|enum|datasource|generator)[ \t]+(?P<name>\w+)[ \t]*\{(?P<body>[^{}]*)\}",
    re.MULTILINE,
)
_LINE = re.compile(r"(?P<name>\w+)[ \t]+(?P<type>\w+)(?P<many>\[\])?\??(?P<rest>.*)")
_VALUE = re.compile(r"(?P<name>[A-Za-z]\w*)(?P<rest>.*)")
_MAP = re.compile(r'@map\(\s*(?:name\s*:\s*)?"(?P<name>[^"\\]*)"')
_TABLE_MAP = re.compile(r'@@map\(\s*(?:name\s*:\s*)?"(?P<name>[^"\\]*)"')
_SCHEMA = re.compile(r'@@schema\(\s*(?:map\s*:\s*)?"(?P<name>[^"\\]*)"')
_ALONE = re.compile(r"@@(?:id|unique)\(\s*(?:fields\s*:\s*)?\[\s*(?P<name>\w+)\s*\]")
_DEFAULT = re.compile(r"@default\(\s*\"?(?P<value>[\w -]+)\"?\s*\)")
_KEY = re.compile(r"(?<!@)@(?:id|unique)\b")
_RELATION = re.compile(
    r"@relation\((?=[^)]*fields\s*:\s*\[\s*(?P<field>\w+)\s*\])[^)]*references\s*:\s*\[\s*(?P<target>\w+)\s*\]"
)
_SETTING = re.compile(
    r'^[ \t]*(?P<key>\w+)[ \t]*=[ \t]*(?P<value>"[^"\n]*"|env\("\w+"\))', re.MULTILINE
)
_VARIABLE = re.compile(r'env\("(?P<name>\w+)"\)')
_KINDS = {
    "Int": ColumnKind.INTEGER,
    "BigInt": ColumnKind.INTEGER,
    "Decimal": ColumnKind.NUMBER,
    "Float": ColumnKind.NUMBER,
    "String": ColumnKind.TEXT,
    "DateTime": ColumnKind.TIME,
    "Boolean": ColumnKind.BOOLEAN,
    "Json": ColumnKind.JSON,
}


class SchemaBlock(Struct, frozen=True):
    """A block of a schema: ``body`` without comments, ``written`` with them, ``line`` of its first."""

    kind: str
    name: str
    body: str
    written: str
    file: str
    line: int

    @property
    def place(self) -> str:
        """The place where the block begins."""
        return f"{self.file}:{self.line}"

    @property
    def settings(self) -> dict[str, str]:
        """The settings in a datasource or a generator."""
        return {match["key"]: match["value"].strip('"') for match in _SETTING.finditer(self.body)}

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Yield each line of the body: without comments, its comment, and its place."""
        pairs = zip(self.body.split("\n"), self.written.split("\n"), strict=True)
        for number, (line, written) in enumerate(pairs):
            note = written.partition("//")[2].strip("/ \t\r")
            yield line.strip(), note, f"{self.file}:{self.line + number}"


def blocks(schemas: Mapping[str, str]) -> list[SchemaBlock]:
    """Return the blocks of schemas, by their files' order."""
    return [block for file, text in schemas.items() for block in _blocks(file, text)]


def _blocks(file: str, text: str) -> Iterator[SchemaBlock]:
    code = blanked(text, strings=False)
    for match in _BLOCK.finditer(blanked(text, strings=True)):
        begin, end = match.span("body")
        line = text.count("\n", 0, match.start("name")) + 1
        yield SchemaBlock(
            match["kind"], match["name"], code[begin:end], text[begin:end], file, line
        )


def read_prisma(schemas: Mapping[str, str]) -> AppSchema | None:
    """Return the tables of a project's Prisma schemas; ``None`` where they have none."""
    every = blocks(schemas)
    types = {block.name: _status_type(block) for block in every if block.kind == "enum"}
    tables = {block.name: block for block in every if block.kind == "model"}
    if not tables:
        return None
    models = [_model(block, types, tables) for block in tables.values()]
    by_model = {model.model: model for model in models}
    models = [_resolved(model, by_model) for model in models]
    source = next((block.settings for block in every if block.kind == "datasource"), {})
    variable = _VARIABLE.fullmatch(source.get("url", ""))
    return AppSchema(
        SchemaSource.PRISMA,
        tuple(models),
        source.get("provider"),
        variable and variable["name"],
        tuple(types.values()),
    )


def generated_client(schemas: Mapping[str, str]) -> str | None:
    """Return the module of a client that is generated into the project; ``None`` for ``@prisma/client``."""
    for block in blocks(schemas):
        settings = block.settings
        if block.kind == "generator" and settings.get("provider", "").startswith("prisma-client"):
            output = settings.get("output")
            folder = posixpath.normpath(posixpath.join(posixpath.dirname(block.file), output or ""))
            is_module = settings["provider"] == "prisma-client"
            return f"{folder}/client" if output and is_module else folder if output else None
    return None


def _status_type(block: SchemaBlock) -> StatusType:
    mapped = _TABLE_MAP.search(block.body)
    labels, members = [], []
    for line, _, _ in block.lines():
        value = _VALUE.match(line)
        if value:
            label = _MAP.search(value["rest"])
            labels.append(label["name"] if label else value["name"])
            members.append(value["name"])
    database = mapped["name"] if mapped else block.name
    return StatusType(block.name, database, tuple(labels), block.place, tuple(members))


def _model(
    block: SchemaBlock, types: Mapping[str, StatusType], tables: Mapping[str, SchemaBlock]
) -> Model:
    mapped, schema = _TABLE_MAP.search(block.body), _SCHEMA.search(block.body)
    alone = {match["name"] for match in _ALONE.finditer(block.body)}
    fields: list[AppColumn] = []
    relations: dict[str, tuple[str, str]] = {}
    for line, note, place in block.lines():
        match = _LINE.match(line)
        if match is None:
            continue
        relation = _RELATION.search(match["rest"])
        if relation:
            relations[relation["field"]] = (match["type"], relation["target"])
        if match["type"] not in tables:
            fields.append(_field(match, note, place, types, alone))
    return Model(
        mapped["name"] if mapped else block.name,
        block.name,
        tuple(replace(field, references=relations.get(field.attribute)) for field in fields),
        block.place,
        schema and schema["name"],
    )


def _field(
    match: re.Match[str], note: str, place: str, types: Mapping[str, StatusType], alone: set[str]
) -> AppColumn:
    name = _MAP.search(match["rest"])
    states = None if match["many"] else types.get(match["type"])
    kind = ColumnKind.LIST if match["many"] else _KINDS.get(match["type"], ColumnKind.OTHER)
    return AppColumn(
        name["name"] if name else match["name"],
        match["name"],
        ColumnKind.LABEL if states else kind,
        place,
        is_key=bool(_KEY.search(match["rest"])) or match["name"] in alone,
        states=states,
        note=note,
        default=_default(match["rest"], states),
        is_updated="@updatedAt" in match["rest"],
    )


def _default(attributes: str, states: StatusType | None) -> str | None:
    match = _DEFAULT.search(attributes)
    if match is None:
        return None
    return states.label_of(match["value"]) if states else match["value"]


def _resolved(model: Model, by_model: Mapping[str, Model]) -> Model:
    """Return a table whose references name tables and columns as the database does."""
    return replace(model, fields=tuple(_referring(field, by_model) for field in model.fields))


def _referring(field: AppColumn, by_model: Mapping[str, Model]) -> AppColumn:
    if field.references is None:
        return field
    target = by_model[field.references[0]]
    column = target.field(field.references[1])
    return replace(field, references=(target.name, column.name if column else field.references[1]))
