"""Failures that the code itself calls no failure of the job: ``// non-fatal``, ``# best effort``."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from cronshift.handlers.flow.work import notes_down
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.tree import SourceTree

_MINOR = lazy_pattern(
    r"\b(?:non|not)[-\s]?(?:fatal|critical|blocking|essential)\b|\bbest[-\s]?effort\b|\bgraceful(?:ly)? (?:degrad|fall)|\bdegrad\w+ gracefully|\bfail(?:s|ing)?[-\s]open\b|"
    r"(?:\b(?:not|never)|n't)\s+(?:break|block|fail|abort|interrupt|crash|affect|stop|kill)\b(?!.*\b(?:others?|rest|"
    r"remaining|next|one|single|each|loop|batch)\b)|"
    r"\bcache (?:write|read|set|get|update|save|store)\b|\.set(?:[eE]x)?\(\s*[\w.]*[cC]ache|"
    r"不影响|不阻[塞断]|非关键|\bn(?:o|ão|ao) (?:es |é )?(?:bloque|cr[íi]tic|fatal)|\bnon (?:bloquant|blocca|critic|critique)|"
    r"durdurmas.n|engellemesin|kritik değil|\bno (?:debe |puede )?(?:bloquea|interrump|deten|romp)|"
    r"\bn[ãa]o (?:deve |pode )?(?:interromp|quebra|derruba|impede)|\bne (?:doit |peut )?(?:pas )?(?:bloque|casse|interromp)|"
    r"실패해도[^.]{0,20}(?:무해|영향|상관|괜찮|계속|무시|진행)|실패.{0,20}(?:죽이지|막지|멈추지|중단하지|중단시키지) ?않|영향[을이]? ?(?:없|주지)|"
    r"치명적이지 ?않|失敗しても|影響しない|影響させない|影響なし|止めない|致命的で(?:は)?ない|失败.{0,6}(?:不影响|不阻|忽略|无妨)|"
    r"kh[ôo]ng (?:ảnh hưởng|chặn|nghiêm trọng|làm (?:dừng|hỏng))|tidak (?:fatal|kritis|menghentikan|mengganggu|memblokir)|"
    r"не (?:должн\w+ )?(?:лома|блокир|прерыва|рон|валит|мешат?|влия|фаталь)|\bnie (?:blokuj|przerywaj|krytyczn)|"
    r"\bunkritisch|\bdarf \w+ nicht (?:blockier|abbrech)|\bnicht kritisch|не ?критичн",
    re.IGNORECASE,
)
"""Remarks that a failure does not matter; that one item must not stop the others says nothing of that."""
_CLAUSE = lazy_pattern(r"[\s}]*(?:catch|except)\b")
_BINDING = lazy_pattern(r"(?:const|let|var)\b")
_COMMENT = ("//", "/*", "*", "#")
_STATEMENT = 4
_LONGEST = 40
"""Lines of a clause that are read."""


def is_minor(
    tree: SourceTree,
    caught: CodePlace,
    calls: Iterable[CodePlace],
    function: CodePlace | None = None,
) -> bool:
    """Return whether the code says of a failure that it does not matter, or only notes down the run.

    Args:
        tree: the project's files.
        caught: what catches the failure; all that stands there is read, with what it logs.
        calls: those that lead there.
        function: that of the project which fails; what is said of it is said of every call.
    """
    lines = tree.read(caught.file).splitlines()
    remarks = [*_whole(lines, caught.line - 1), *_above(lines, _begin(lines, caught.line - 1))]
    for place in calls:
        lines = tree.read(place.file).splitlines()
        statement = islice(_whole(lines, place.line - 1), _STATEMENT)
        if notes_down("".join(line.strip() for line in statement)):
            return True
        remarks += [*lines[place.line - 1 : place.line], *_above(lines, place.line - 1)]
    if function is not None:
        remarks += _above(tree.read(function.file).splitlines(), function.line - 1)
    return any(map(_MINOR.search, remarks))


def _whole(lines: Sequence[str], at: int) -> Iterator[str]:
    """Yield the lines of a statement or a clause: the first, and those indented deeper."""
    yield from lines[at : at + 1]
    for line in lines[at + 1 : at + _LONGEST]:
        ends = bool(line.strip()) and _indent(line) <= _indent(lines[at])
        closes = ends and line.lstrip().startswith((")", "}", "]", "`"))
        if not ends or closes:
            yield line  # what closes a statement may catch its failure
        if ends and not (closes and line.rstrip().endswith(("{", "("))):
            return


def _begin(lines: Sequence[str], at: int) -> int:
    """Return the line at which a statement begins: that of the ``try`` of a clause."""
    if at >= len(lines) or not _CLAUSE.match(lines[at]):
        return at
    begun = (n for n in range(at, -1, -1) if _indent(lines[n]) == _indent(lines[at]))
    return next((number for number in begun if lines[number].lstrip().startswith("try")), at)


def _above(lines: Sequence[str], at: int) -> Iterator[str]:
    """Yield the comments above a statement, and above the blocks and the functions around it."""
    if at >= len(lines):
        return
    indent, is_near = _indent(lines[at]), True
    for line in reversed(lines[:at]):
        text = line.strip()
        if text.startswith(_COMMENT):
            if is_near:
                yield line
        elif text and _indent(line) < indent:
            indent = _indent(line) + text.startswith((")", "}"))  # what it closes has begun above
            is_near = True
        else:
            is_near = is_near and _BINDING.match(text) is not None
            if indent == 0 and not is_near:
                return


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
