"""Heads of modules that have come to need more: an import of the Inngest SDK, the constant of a query."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cronshift.handlers.tree import language, parse, span_of
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import Entry, NotCertainError
from cronshift.targets.direct.javascript.answers import NON_RETRIABLE
from cronshift.targets.direct.javascript.handler import every

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_OF_INNGEST = lazy_pattern(r'^import \{ ([^{}]+) \} from "inngest";\n', re.MULTILINE)


def with_import(text: str, file: str, name: str = NON_RETRIABLE) -> str:
    """Return a module that imports a name of the Inngest SDK, before what it imports."""
    there = _OF_INNGEST.search(text)
    names = (
        sorted([*there[1].split(", "), name], key=lambda each: each.rpartition(" ")[2])
        if there
        else [name]
    )
    line = f'import {{ {", ".join(names)} }} from "inngest";\n'
    if there is not None:
        return f"{text[: there.start()]}{line}{text[there.end() :]}"
    root = parse(text, language(file))
    children = root.children() if root is not None else []
    first = next((node for node in children if node.kind() == "import_statement"), None)
    at = span_of(first)[0] if first is not None else 0
    return f"{text[:at]}{line}{text[at:]}" if first is not None else f"{line}\n{text}"


def with_query(text: str, file: str, entry: Entry) -> str:
    """Return a module with the constant that stands for its query, behind the imports."""
    root = parse(text, language(file))
    if root is None:
        return text
    ends = [span_of(node)[1] for node in root.children() if node.kind() == "import_statement"]
    if any(node.text() == "query" and _declares(node) for node in every(root)):
        raise NotCertainError(1, "has a name `query` already")
    at = text.find("\n", max(ends, default=0)) + 1 if ends else 0
    constant = f"const query = new URLSearchParams({json.dumps(entry.search[1:])});\n"
    return f"{text[:at]}\n{constant}{text[at:]}" if at else f"{constant}\n{text}"


def _declares(node: SgNode) -> bool:
    parent = node.parent()
    bound = (
        parent.field("name")
        if parent is not None and parent.kind() == "variable_declarator"
        else None
    )
    return bound is not None and span_of(bound) == span_of(node)
