"""The client's part: code that shows a session not yet begun shows a waiting one, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.project.conventions.sources import is_test, own_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.scaffold.exhaustive import NewLabel

_CLIENT = re.compile(r"\s*[\"']use client[\"']")


def polled(tree: SourceTree, label: NewLabel) -> Iterator[tuple[str, str]]:
    """Yield the client's files that look for a session not yet begun, and their new texts.

    A server's code is left alone: what it does for such a session, the flow does for one that waits.
    """
    for file in own_sources(tree):
        text = tree.read(file)
        is_client = file.endswith((".tsx", ".jsx")) or _CLIENT.match(text)
        if not is_client or is_test(file) or label.like not in text or label.name in text:
            continue
        after = _with_label(tree, file, text, label)
        if after != text:
            yield file, after


def _with_label(tree: SourceTree, file: str, text: str, label: NewLabel) -> str:
    root = tree.parsed(file)
    edits: list[tuple[int, int, str]] = []
    for node in root.find_all(kind="binary_expression") if root is not None else ():
        left, right = node.field("left"), node.field("right")
        operator = node.field("operator")
        is_equal = operator is not None and operator.text() in {"===", "=="}
        if left is None or right is None or not is_equal:
            continue
        if right.kind() == "string" and right.text()[1:-1] == label.like:
            joint = text[left.range().end.index : right.range().start.index]
            other = f"{left.text()}{joint}{right.text()[0]}{label.name}{right.text()[0]}"
            place = node.range()
            edits.append((place.start.index, place.end.index, f"({node.text()} || {other})"))
    for node in root.find_all(kind="array") if root is not None else ():
        behind = text[node.range().end.index :]
        strings = [item for item in node.children() if item.kind() == "string"]
        like = next((item for item in strings if item.text()[1:-1] == label.like), None)
        if like is not None and behind.startswith(".includes("):
            at, quote = like.range().end.index, like.text()[0]
            edits.append((at, at, f", {quote}{label.name}{quote}"))
    for begin, end, inserted in sorted(edits, reverse=True):
        text = text[:begin] + inserted + text[end:]
    return text
