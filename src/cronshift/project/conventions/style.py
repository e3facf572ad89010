"""Quotes, semicolons and indentation: a formatter's configuration, else the sources' own.

Options and defaults: prettier.io/docs/options, biomejs.dev/reference/configuration, editorconfig.org.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cronshift.handlers.literals import UNKNOWN, literal, text_of
from cronshift.project.conventions.code import CodeStyle, TrailingCommas
from cronshift.project.conventions.configurations import braced, for_typescript, table, upward
from cronshift.project.conventions.lint import rule_options
from cronshift.project.conventions.sources import sample
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cronshift.handlers.tree import SourceTree

_PRETTIER = (
    ".prettierrc",
    *(f".prettierrc.{suffix}" for suffix in ("json", "yaml", "yml", "json5", "toml")),
)
_PRETTIER_CODE = tuple(
    f"{stem}.{suffix}"
    for stem in ("prettier.config", ".prettierrc")
    for suffix in ("js", "mjs", "cjs", "ts", "mts", "cts")
)
_PRETTIER_KEYS = {"singleQuote", "semi", "useTabs", "tabWidth", "printWidth", "trailingComma"}
_ENDED = ("import_statement", "lexical_declaration", "return_statement", "expression_statement")
_SECTION = lazy_pattern(r"\s*\[(.+)\]\s*$")
_SETTING = lazy_pattern(r"\s*(indent_style|indent_size|tab_width)\s*[=:]\s*(\w+)")
_DEFAULT = CodeStyle()
_MOST_COLUMNS = 320  # biome's own limit


def style_of(tree: SourceTree, folder: str = "") -> CodeStyle:
    """Return the style of TypeScript in a folder, as the nearest configuration has it."""
    places = upward(folder)
    ruled = rule_options(tree, folder, "prettier/prettier")
    edited = next(filter(None, (_editorconfig(tree, place) for place in places)), None)
    for place in places:
        prettier = _prettier(tree, place, folder)
        if prettier is not None or (ruled and place == places[-1]):
            prettier = {**(prettier or {}), **ruled}
            width, tabs = prettier.get("tabWidth"), prettier.get("useTabs")
            is_set = width is not None or tabs is not None
            return CodeStyle(
                double_quotes=prettier.get("singleQuote") is not True,
                semicolons=prettier.get("semi") is not False,
                indent=_indent(tabs is True, width or 2) if is_set else edited or _DEFAULT.indent,
                width=_columns(prettier.get("printWidth"), 80),
                tab=_columns(width, 2) if tabs is True else _DEFAULT.tab,
                trailing_commas=_commas(prettier.get("trailingComma"), _usual_commas(tree, places)),
            )
        biome = _biome(tree, place, folder)
        if biome is not None:
            return biome
    counted = _counted(tree)
    return CodeStyle(counted.double_quotes, counted.semicolons, edited or counted.indent)


def _commas(setting: Any, usual: TrailingCommas = TrailingCommas.ALL) -> TrailingCommas:
    return TrailingCommas(setting) if setting in [*TrailingCommas] else usual


def _usual_commas(tree: SourceTree, places: Iterable[str]) -> TrailingCommas:
    """Return the default of the prettier that an app has; before version 3 it was ES5."""
    versions = (tree.packages(place.rstrip("/")).get("prettier") for place in places)
    major = re.match(r"\D*(\d+)", next(filter(None, versions), ""))
    is_old = major is not None and int(major[1]) < 3  # noqa: PLR2004
    return TrailingCommas.ES5 if is_old else TrailingCommas.ALL


def _columns(number: Any, usual: int) -> int:
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return number if is_number and 0 < number <= _MOST_COLUMNS else usual


def _indent(tabs: bool, width: Any) -> str:
    return "\t" if tabs else " " * width if isinstance(width, int) and 0 < width <= 8 else "  "  # noqa: PLR2004 - wider is a mistake


def _prettier(tree: SourceTree, place: str, folder: str) -> dict[str, Any] | None:
    """Return prettier's options; ``None`` where it is not used, or where only running it tells."""
    options = _prettier_in(tree, place)
    merged = dict(options or {})
    for override in for_typescript(merged, "files", place, folder):
        merged |= table(override, "options")
    return None if options is None else merged


def _prettier_in(tree: SourceTree, place: str) -> dict[str, Any] | None:
    options = tree.data(f"{place}package.json").get("prettier")
    if isinstance(options, dict):
        return options
    file = next((place + name for name in _PRETTIER if place + name in tree.files), None)
    if file is not None:
        return tree.data(file) or _loosely(tree.read(file), file)
    code = next((place + name for name in _PRETTIER_CODE if place + name in tree.files), None)
    root = tree.parsed(code) if code else None
    if root is None:
        return None
    merged: dict[str, Any] = {}
    for pair in root.find_all(kind="pair"):
        key = pair.field("key")
        value = literal(pair.field("value"))
        if key is not None and text_of(key) in _PRETTIER_KEYS and value is not UNKNOWN:
            merged.setdefault(text_of(key), value)
    return merged or None


def _loosely(text: str, file: str) -> dict[str, Any]:
    """Return the options of a configuration in YAML (or TOML); none for any other format."""
    import yaml

    try:
        read = tomllib.loads(text) if file.endswith(".toml") else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError, RecursionError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _biome(tree: SourceTree, place: str, folder: str) -> CodeStyle | None:
    document = _biome_in(tree, place)
    for override in for_typescript(document, "includes", place, folder):
        document = _merged(document, override)
    general = table(document, "formatter")
    formatter = table(document, "javascript", "formatter")
    if not document or general.get("enabled") is False or formatter.get("enabled") is False:
        return None
    both = {**general, **formatter}
    tabs = both.get("indentStyle", "tab") == "tab"
    return CodeStyle(
        double_quotes=formatter.get("quoteStyle") != "single",
        semicolons=formatter.get("semicolons") != "asNeeded",
        indent=_indent(tabs, both.get("indentWidth", 2)),
        width=_columns(both.get("lineWidth"), 80),
        tab=_columns(both.get("indentWidth"), 2) if tabs else _DEFAULT.tab,
        trailing_commas=_commas(formatter.get("trailingCommas", formatter.get("trailingComma"))),
    )


def _biome_in(tree: SourceTree, place: str) -> dict[str, Any]:
    """Return a configuration of biome, with what it extends; nothing where there is none."""
    names = ("biome.json", "biome.jsonc")
    file = next((place + name for name in names if place + name in tree.files), None)
    if file is None:
        return {}
    document: dict[str, Any] = tree.data(file) or {"": ""}
    named = document.get("extends", [])
    for each in [named] if isinstance(named, str) else named if isinstance(named, list) else []:
        if each == "//":  # the project's own, in a workspace
            above = (_biome_in(tree, outer) for outer in upward(place.rstrip("/"))[1:])
            document = _merged(next(filter(None, above), {}), document)
        elif isinstance(each, str) and each.startswith("."):
            document = _merged(tree.data(posixpath.normpath(place + each)), document)
    return document


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with another laid over it, and so on within."""
    both = {**under, **over}
    shared = [name for name in under.keys() & over.keys() if isinstance(over[name], dict)]
    return both | {
        name: _merged(under[name], over[name]) for name in shared if isinstance(under[name], dict)
    }


def _editorconfig(tree: SourceTree, place: str) -> str | None:
    """Return the indentation of TypeScript that .editorconfig sets, the last word counting."""
    properties: dict[str, str] = {}
    applies = False
    for line in tree.read(f"{place}.editorconfig").splitlines():
        section, setting = _SECTION.match(line), _SETTING.match(line)
        if section is not None:
            applies = any(PurePosixPath("a.ts").match(pattern) for pattern in braced(section[1]))
        elif setting is not None and applies:
            properties[setting[1]] = setting[2].lower()
    width = properties.get("indent_size", properties.get("tab_width", ""))
    if properties.get("indent_style") == "tab" or (
        width == "tab" and "indent_style" not in properties
    ):
        return "\t"
    return _indent(tabs=False, width=int(width)) if width.isdecimal() else None


def _counted(tree: SourceTree) -> CodeStyle:
    """Return the style of most strings, statements and lines in the sources."""
    quotes: Counter[bool] = Counter()
    ended: Counter[bool] = Counter()
    steps: Counter[str] = Counter()
    for file in sample(tree):
        root = tree.parsed(file)
        if root is None:
            continue
        for node in root.find_all(kind="string"):
            text, parent = node.text(), node.parent()
            in_markup = parent is not None and parent.kind() == "jsx_attribute"
            if not in_markup and not re.search(r"[\"']", text[1:-1]):
                quotes[text.startswith('"')] += 1
        for node in root.find_all({"rule": {"any": [{"kind": kind} for kind in _ENDED]}}):
            ended[node.text().endswith(";")] += 1
        steps.update(_steps(tree.read(file)))
    return CodeStyle(
        double_quotes=quotes[True] >= quotes[False],
        semicolons=ended[True] >= ended[False],
        indent=steps.most_common(1)[0][0] if steps else _DEFAULT.indent,
    )


def _steps(text: str) -> Iterator[str]:
    """Yield the indent of each line beyond the line before it, where that is a level."""
    before = ""
    for line in text.splitlines():
        if not line.strip():
            continue
        lead = line[: len(line) - len(line.lstrip())]
        step = lead.removeprefix(before) if lead.startswith(before) else ""
        if step in {"\t", "  ", "    "}:
            yield step
        before = lead
