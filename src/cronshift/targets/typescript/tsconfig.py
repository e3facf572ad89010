"""The option of tsconfig.json that generated modules need: they import the ownership file, which is JSON."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from cronshift.handlers.tree import is_broken, parse, span_of
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.typescript.manner import newline_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

TSCONFIG = "tsconfig.json"
_OPTIONS, _OPTION = "compilerOptions", "resolveJsonModule"
_IMPLYING = {("moduleresolution", "bundler"), ("module", "preserve"), ("module", "node20")}
_REST_OF_LINE = lazy_pattern(r"(,?)([ \t]*//[^\r\n]*|)")
_DEEPEST = 5  # configurations that extend each other


def lacks_json_modules(tree: SourceTree, folder: str) -> bool:
    """Return whether the compiler of an app refuses to import JSON.

    Where a configuration extends a package's, that may say it: nothing is known to lack then.
    """
    file: str | None = posixpath.join(folder, TSCONFIG)
    if file not in tree.files:
        return False
    for _ in range(_DEEPEST):
        document = tree.data(file) if file else {}
        options = document.get(_OPTIONS)
        settings = options if isinstance(options, dict) else {}
        if _OPTION in settings or any(map(_implies, settings.items())):
            return False
        extended = document.get("extends")
        if extended is None:
            return _OPTIONS in document or "references" not in document
        if not isinstance(extended, str) or not extended.startswith("."):
            return False
        named = posixpath.normpath(posixpath.join(posixpath.dirname(file or ""), extended))
        file = next((name for name in (named, f"{named}.json") if name in tree.files), None)
        if file is None:
            return False
    return False


def with_json_modules(text: str) -> str:
    """Return tsconfig.json with the option, last among the others; the same where it cannot be parsed."""
    root = parse(f"({text})", "typescript")  # comments and commas at the end are allowed in it
    top = root.find(kind="object") if root is not None else None
    if root is None or top is None or is_broken(root) or not top.text().endswith("}"):
        return text
    options = _member(top, _OPTIONS)
    member = f'"{_OPTION}": true'
    if options is None:
        return _appended(text, top, f'"{_OPTIONS}": {{ {member} }}')
    if options.kind() != "object" or _member(options, _OPTION) is not None:
        return text
    return _appended(text, options, member)


def _implies(setting: tuple[str, Any]) -> bool:
    name, value = setting
    return isinstance(value, str) and (name.lower(), value.lower()) in _IMPLYING


def _member(holder: SgNode, name: str) -> SgNode | None:
    for pair in _pairs(holder):
        key = pair.field("key")
        if key is not None and key.text().strip('"') == name:
            return pair.field("value")
    return None


def _pairs(holder: SgNode) -> list[SgNode]:
    return [child for child in holder.children() if child.kind() == "pair"]


def _appended(text: str, holder: SgNode, member: str) -> str:
    """Return ``text`` with a member behind the others of an object, on a line of its own like the last."""
    pairs = _pairs(holder)
    if not pairs:
        start = _span(holder)[0] + 1
        return f"{text[:start]} {member} {text[start:].lstrip()}"
    start, end = _span(pairs[-1])
    lead = text[text.rfind("\n", 0, start) + 1 : start]
    if lead.strip():
        return f"{text[:end]}, {member}{text[end:]}"
    rest = _REST_OF_LINE.match(text, end)
    comma, remark = rest.groups() if rest is not None else ("", "")
    line = f"{newline_of(text)}{lead}{member}{comma}"
    return f"{text[:end]},{remark}{line}{text[end + len(comma + remark) :]}"


def _span(node: SgNode) -> tuple[int, int]:
    """Return the beginning and the end of a node in the text, which the parser has in parentheses."""
    start, end = span_of(node)
    return start - 1, end - 1
