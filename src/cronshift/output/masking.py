"""Masking what looks like a secret in lines of the app's own files, before anybody is shown them.

A diff has three lines of context, and a file that moves is shown whole: a key that somebody wrote into the
source is to stay out of a terminal and of a log of CI all the same. What is recorded, to be taken back, stays
as it is, and so does what somebody else's operation would write: that is to be read to the letter.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cronshift.errors import path_to_show
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

MASK = "***"
_SHORTEST = 6
_SHORTEST_VALUE = 12  # of a variable: AUTH_MODE=production hides no word
_SPEAKS_OF_SECRETS = lazy_pattern(
    r"(?i:secret|token|passw|passphrase|credential|authorization|bearer|signature|webhook|\bdsn\b)"
    r"|(?<![A-Za-z])(?i:(?:api|access|auth)?keys?)(?![a-z])|[a-z]Keys?(?![a-z])"
)
_LITERAL = lazy_pattern(r"""(?P<quote>["'`])(?P<text>(?:(?!(?P=quote))[^\\\n]|\\.)*)(?P=quote)""")
_VARIABLE = lazy_pattern(r"[A-Z][A-Z0-9_]*")
_IMPORT = lazy_pattern(r"[ +-]?\s*(?:import|from|export \*|} from)\b|.*\brequire\(")
_PATH = lazy_pattern(r"[\w@.~-]*(?:/[\w@.~\[\]-]*)+")
_RANGE = lazy_pattern(
    r"(?:[~^]|[<>]?=?)\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[a-z]{1,6}\.\d{1,4})?"
)  # of a package
_BEARER = lazy_pattern(r"""(?i)(\b(?:bearer|basic)\s+)(?![$%{])[^\s"'`<>{}]{6,}""")
_CREDENTIALS = lazy_pattern(r"""(\w://)[^\s/"'`<>@]*:[^\s/"'`<>]*@""")
_FORMS = lazy_pattern(
    r"\b(?:sk|pk|rk|whsec|signkey|ghp|gho|ghs|github_pat|glpat|npm|xox[abprs]|re)[-_][A-Za-z0-9_-]{12,}"
    r"|\bAKIA[A-Z0-9]{12,}|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|\b(?=[a-z]*\d)(?=\d*[a-z])[0-9a-f]{32,}\b"
)


def masked_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a file, or of a diff, without what looks like a secret in them."""
    values = _values()
    for line in lines:
        yield _masked(line, values)


def _masked(line: str, values: Iterable[str]) -> str:
    line = _CREDENTIALS.sub(rf"\1{MASK}@", line)
    line = _FORMS.sub(MASK, _BEARER.sub(rf"\1{MASK}", path_to_show(line)))
    for value in values:
        line = line.replace(value, MASK)
    if _SPEAKS_OF_SECRETS.search(line) and not _IMPORT.match(line):
        line = _LITERAL.sub(_of_literal, line)
    return line


def masked_document(value: Any) -> Any:
    """Return a document in which the contents of files, and diffs, are masked, and credentials in paths."""
    if isinstance(value, dict):
        is_content = "sha256" in value
        return {
            key: "".join(masked_lines(each.splitlines(keepends=True)))
            if isinstance(each, str) and (key == "diff" or (key == "text" and is_content))
            else masked_document(each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked_document(each) for each in value]
    return path_to_show(value) if isinstance(value, str) else value


def _of_literal(match: re.Match[str]) -> str:
    text, quote = match["text"], match["quote"]
    is_name = _VARIABLE.fullmatch(text) or _PATH.fullmatch(text) or _SPEAKS_OF_SECRETS.search(text)
    is_plain = is_name or _RANGE.fullmatch(text) or len(text) < _SHORTEST
    return match[0] if is_plain else f"{quote}{MASK}{quote}"


def _values() -> list[str]:
    """Return the values of the variables that are called as secrets are."""
    return [
        value
        for name, value in os.environ.items()
        if len(value) >= _SHORTEST_VALUE and _SPEAKS_OF_SECRETS.search(name.replace("_", "-"))
    ]
