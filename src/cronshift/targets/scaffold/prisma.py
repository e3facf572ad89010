"""Edits of a Prisma schema as text: everything but the new line stays as it is, byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.tree import SourceTree
from cronshift.operations.files import content, inside
from cronshift.runtime.regular_files import is_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_QUOTED_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_ENUM = re.compile(r"^[ \t]*enum\s+(?P<name>\w+)\s*\{(?P<body>[^{}]*)\}", re.MULTILINE)
_MAP = re.compile(r'@map\(\s*(?:name\s*:\s*)?"(?P<name>[^"\\]*)"')
_BLOCK_MAP = re.compile(r'@@map\(\s*(?:name\s*:\s*)?"(?P<name>[^"\\]*)"')
_LINE_END = re.compile(r"[ \t]*\r?\n")
_VALUE = re.compile(r"(?P<indent>[ \t]*)(?P<name>[A-Za-z]\w*)")


class _Value(Struct, frozen=True):
    """One value of an enum; ``end`` is behind its line, line end included."""

    name: str
    mapped: str | None
    indent: str
    end: int


class _Enum(Struct, frozen=True):
    """An enum block; ``begin`` is behind its opening brace, and the line end there."""

    name: str
    mapped: str | None
    values: tuple[_Value, ...]
    begin: int


def find_schemas(root: Path) -> dict[str, str]:
    """Return the texts of a project's Prisma schemas by path; those that are no text are left out.

    Prisma looks into ``prisma/`` and beside package.json; elsewhere the first folder that has some counts.
    """
    folder = root / "prisma"
    usual = sorted(folder.rglob("*.prisma")) if folder.is_dir() else []
    beside = root / "schema.prisma"
    files = [*usual, beside] if usual or beside.is_file() else _elsewhere(root)
    texts: dict[str, str] = {}
    for file in files:
        path = file.relative_to(root).as_posix()
        data = None if file.is_symlink() or not is_regular(file) else content(inside(root, path))
        try:
            texts |= {} if data is None else {path: data.decode()}
        except UnicodeDecodeError:
            continue
    return texts


def _elsewhere(root: Path) -> list[Path]:
    """Return the schemas of the first folder that has some."""
    paths = sorted(file for file in SourceTree(root).files if file.endswith(".prisma"))
    folders = [path.rpartition("/")[0] for path in paths]
    return [
        root / path for path, folder in zip(paths, folders, strict=True) if folder == folders[0]
    ]


def database_name(schema: str, enum: str) -> str | None:
    """Return the database's name of an enum that is named as Prisma or the database does."""
    block = _find(schema, enum)
    return (block.mapped or block.name) if block else None


def with_value(schema: str, enum: str, label: str) -> str | None:
    """Return the schema with one more value of an enum; ``None`` when there is nothing to do.

    A schema whose values are in capitals and mapped to labels gets the new one so too.

    Args:
        schema: its text.
        enum: named as Prisma or the database does.
        label: as the database has it.
    """
    block = _find(schema, enum)
    if block is None or label in {value.mapped or value.name for value in block.values}:
        return None
    newline = "\r\n" if "\r\n" in schema else "\n"
    indent = block.values[-1].indent if block.values else "  "
    line = f"{indent}{_spelled(block, label)}{newline}"
    at = block.values[-1].end if block.values else block.begin
    if not schema[:at].endswith("\n"):
        line = newline + line  # the brace stands on the line of the value, or of the enum
    return schema[:at] + line + schema[at:]


def _spelled(enum: _Enum, label: str) -> str:
    """Return a value's name, mapped to its label where the two differ."""
    taken = {value.name for value in enum.values}
    capitals = bool(enum.values) and all(v.mapped and v.name.isupper() for v in enum.values)
    name = label.lstrip("_0123456789") or "value"
    name = name.upper() if capitals else name
    while name in taken:
        name += "_"
    return name if name == label else f'{name} @map("{label}")'


def _find(schema: str, enum: str) -> _Enum | None:
    code = blanked(schema, strings=False)
    for block in _ENUM.finditer(blanked(schema, strings=True)):
        begin, end = block.span("body")
        mapped = _BLOCK_MAP.search(code, begin, end)
        opened = _LINE_END.match(code, begin, end)
        enum_block = _Enum(
            block["name"],
            mapped and mapped["name"],
            tuple(_values(code, begin, end)),
            opened.end() if opened else begin,
        )
        if enum in {enum_block.name, enum_block.mapped}:
            return enum_block
    return None


def _values(code: str, begin: int, end: int) -> Iterator[_Value]:
    for line in _lines(code, begin, end):
        value = _VALUE.match(code, *line)
        if value:
            mapped = _MAP.search(code, *line)
            yield _Value(value["name"], mapped and mapped["name"], value["indent"], line[1])


def _lines(code: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the beginning and end of each line between two places, line ends included."""
    while begin < end:
        newline = code.find("\n", begin, end)
        after = end if newline < 0 else newline + 1
        yield begin, after
        begin = after


def blanked(schema: str, *, strings: bool) -> str:
    """Return the text with its comments, and its strings if asked, blank; places stay the same."""

    def blank(match: re.Match[str]) -> str:
        if match[0].startswith('"') and not strings:
            return match[0]
        return re.sub(r"[^\r\n]", " ", match[0])

    return _QUOTED_OR_COMMENT.sub(blank, schema)
