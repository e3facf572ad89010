"""Comments above a handler: what they say of the check of its caller goes with that."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from cronshift.handlers.tree import language, parse, span_of
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.handler import declared_function, whole_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

_OF_CALLER = lazy_pattern(
    r"\bCRON_SECRET\b|\bx-vercel-cron\b(?!-schedule)"
    r"|\b(?:protected|secured|guarded|authenticated|authorized|authorised) (?:by|with|via|through|using)\b"
    r"(?=.*\b(?:auth\w*|bearer|cron|header|key|secret|token)\b)"
    r"|\bBearer\b.*\b(?:token|secret|header)|\bauthorization header\b"
    r"|\b(?:called|triggered|invoked|hit|run|fired|started|executed|pinged) (?:\w+ )?(?:by|from|via) (?:the )?vercel(?:'s)?[ -]crons?\b",
    re.IGNORECASE,
)
_ITEM = lazy_pattern(r"\s*(?:[-*•]|\d+[.)]|@\w+)\s")
_CLAUSE = lazy_pattern(
    r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[A-Z`\"'(\[])|;\s+|\s+[\u2014\u2013]\s+"
)
_ASIDE = lazy_pattern(r"\s*\([^()]*\)")
_OPEN = lazy_pattern(
    r"(?:\b(?:a|an|and|are|by|for|from|in|is|of|on|or|the|to|via|with)|[,;:(\u2014-])\s*\Z"
)
"""The end of a line whose sentence goes on in the next."""
_CLOSED = (".", "!", "?", ":")
_LEAD = lazy_pattern(r"[ \t]*(?:/\*\*?|\*(?!/)|//+)?[ \t]?")


def without_words_of_caller(text: str, file: str, name: str) -> str:
    """Return a module whose comments, at its head and right above the work, say nothing of a check of the caller.

    Args:
        text: of the module.
        file: its path.
        name: of the function that does the work.
    """
    root = parse(text, language(file))
    work = declared_function(root, name) if root is not None else None
    if root is None or work is None:
        return text
    edits = Edits(text)
    for group in _above(root, whole_statement(work)):
        (start, _), (_, end) = span_of(group[0]), span_of(group[-1])
        comment = text[start:end]
        left = _without_clauses(comment)
        if not left:
            edits.remove_lines(start, end)
        elif left != comment:
            edits.replace(start, end, left)
    return edits.result()


def _above(root: SgNode, statement: SgNode) -> Iterator[list[SgNode]]:
    """Yield the comments that stand together at the head of a module, and those right above a statement."""
    children = root.children()
    is_comment = [each.kind() == "comment" for each in children]
    head = is_comment.index(False) if False in is_comment else len(children)
    at = next(at for at, each in enumerate(children) if span_of(each) == span_of(statement))
    first = at
    while first > head and is_comment[first - 1]:
        first -= 1
    for comments in (children[:head], children[first:at]):
        together: list[SgNode] = []
        for each in comments:
            is_new = not each.text().startswith("//") or not _follows(together, each)
            if together and is_new:
                yield together
                together = []
            together.append(each)
        if together:
            yield together


def _follows(together: list[SgNode], comment: SgNode) -> bool:
    last = together[-1] if together else None
    is_line = last is not None and last.text().startswith("//")
    return is_line and last is not None and last.range().end.line + 1 == comment.range().start.line


def _without_clauses(comment: str) -> str:
    """Return a comment without what it says of the caller; nothing where that was all."""
    if _OF_CALLER.search(comment) is None:
        return comment
    is_block = comment.startswith("/*")
    inner = comment.removesuffix("*/").rstrip() if is_block else comment
    lines = inner.split("\n")
    leads = [(_LEAD.match(line) or [""])[0] for line in lines]
    words = [line[len(lead) :] for line, lead in zip(lines, leads, strict=True)]
    opening, lead = leads[0], leads[1] if len(leads) > 1 else leads[0]
    kept: list[str] = []
    for paragraph in _items(words):
        kept += _shortened(paragraph)
    while kept and not kept[0].strip() and (not is_block or words[0].strip()):
        kept = kept[1:]
    while kept and not kept[-1].strip():
        kept = kept[:-1]
    single = [
        line
        for line, above in zip(kept, ["x", *kept], strict=False)
        if line.strip() or above.strip()
    ]
    if not any(line.strip() for line in single):
        return ""
    written = [f"{opening if at == 0 else lead}{line}".rstrip() for at, line in enumerate(single)]
    if not is_block:
        return "\n".join(written)
    is_long = "\n" in comment and comment.rstrip("*/").endswith(("\n", "\n "))
    behind = comment[len(inner) :] if is_long or len(single) == len(lines) else " */"
    return "\n".join(written) + behind


def _items(words: list[str]) -> Iterator[list[str]]:
    """Yield the lines of each paragraph, of each item of a list, and of what begins a line as a sentence."""
    together: list[str] = []
    for line in words:
        is_sentence = line.strip()[:1].isupper() and together and not _OPEN.search(together[-1])
        if not line.strip() or is_sentence or _ITEM.match(line):
            if together:
                yield together
            together = []
        together.append(line)
        if not line.strip():
            yield together
            together = []
    if together:
        yield together


def _shortened(lines: list[str]) -> list[str]:
    """Return the lines of a paragraph without the clauses that speak of the caller."""
    whole = " ".join(line.strip() for line in lines)
    if _OF_CALLER.search(whole) is None:
        return lines
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    parts, ends = _CLAUSE.split(whole), _CLAUSE.findall(whole)
    left = ""
    for at, part in enumerate(parts):
        bare = _ASIDE.sub(_without_aside, part)
        if _OF_CALLER.search(bare):
            continue
        left += f"{ends[at - 1] if left else ''}{bare}"
    left = left.strip()
    if not left or _ITEM.fullmatch(f"{left} "):
        return []
    if whole.endswith(".") and not left.endswith(_CLOSED):
        left += "."
    width = max(*map(len, lines), 40)
    behind = lines[1][: len(lines[1]) - len(lines[1].lstrip())] if len(lines) > 1 else indent
    return textwrap.wrap(
        left, width, initial_indent=indent, subsequent_indent=behind, break_long_words=False
    )


def _without_aside(aside: re.Match[str]) -> str:
    return "" if _OF_CALLER.search(aside[0]) else aside[0]
