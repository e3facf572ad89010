"""The calls of a shell script: curl, wget, and node's fetch; on its syntax tree, nothing is run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.project.workflows.call import RouteCall, call_of, filled_in
from cronshift.project.workflows.fetching import fetched
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ast_grep_py import SgNode

_QUIET = lazy_pattern(
    r"echo|printf|exit|set|test|\[\[?|:|true|false|sleep|jq|cat|grep|head|tail|tr|cut|wc|date|break|"
    r"continue|return|local|export"
)
"""Commands that tell, wait or end, and do no work of their own."""
_CURL_VALUES = frozenset("AbCcDdeEFHhKmoPQrtTuUwxXyYz")  # short options with a value
_CURL_FLAGS = lazy_pattern(
    r"fail(-with-body)?|silent|show-error|location|verbose|include|head|get|insecure|compressed|"
    r"no-\S+|retry-all-errors|retry-connrefused|http\S+|ipv[46]|globoff|progress-bar"
)
_ANY = lazy_pattern(".*")
_WGET_VALUES = frozenset("OoPUTtwe")
_DATA = frozenset(
    {"d", "F", "data", "data-raw", "data-binary", "data-urlencode", "json", "form"}
    | {"post-data", "post-file", "body-data"}
)
_SOMETIMES = {
    "if_statement": "only under a condition",
    "case_statement": "only under a condition",
    "while_statement": "in a loop",
    "for_statement": "in a loop",
    "c_style_for_statement": "in a loop",
    "function_definition": "in a function of the script",
}


class ShellScript(Struct, frozen=True):
    """The calls of a script, and the work that it does beside them.

    Attributes:
        others: the commands that do something else than call, wait or tell.
    """

    calls: tuple[RouteCall, ...] = ()
    others: tuple[str, ...] = ()


def read_script(text: str, values: Mapping[str, str]) -> ShellScript:
    """Return the calls of a script, and the work that it does beside them.

    Args:
        text: its lines; what GitHub puts in stands as ``${secrets.NAME}``.
        values: its environment, as far as that is written down.
    """
    from ast_grep_py import SgRoot

    root = SgRoot(_plain(text), "bash").root()
    if root.find(kind="ERROR") is not None:
        return ShellScript(others=("a script that cannot be read",))
    values, calls, others = dict(values), [], []
    for node in root.find_all(
        {"rule": {"any": [{"kind": "variable_assignment"}, {"kind": "command"}]}}
    ):
        name, value = node.field("name"), node.field("value")
        if node.kind() == "variable_assignment":
            if name is not None:
                values[name.text()] = _word(value, values) if value is not None else ""
            continue
        program = name.text() if name is not None else ""
        words = [_word(part, values) for part in node.children() if _is_argument(part)]
        if program in _READERS:
            made = list(_READERS[program](words))
            line, doubt = node.range().start.line, _doubt(node)
            calls += [_placed(call, line, doubt) for call in made]
            if not made and program == "node":
                others.append(program)
        elif program and not _QUIET.fullmatch(program):
            others.append(program)
    return ShellScript(tuple(calls), tuple(dict.fromkeys(others)))


def _plain(text: str) -> str:
    """Return a script in which what GitHub puts in is spelt as the shell's own variables are."""
    return re.sub(r"\$\{([a-z]+)\.([\w.-]+)\}", _as_shell, text)


def _as_shell(match: re.Match[str]) -> str:
    name = re.sub(r"\W", "_", match[2])
    return f"${{GITHUB__{match[1]}__{name}}}"


def _is_argument(node: SgNode) -> bool:
    return node.is_named() and node.kind() not in {"command_name", "variable_assignment"}


def _word(node: SgNode, values: Mapping[str, str]) -> str:
    """Return the text of a word, with the variables whose values are known."""
    text = re.sub(r"\$\{GITHUB__([a-z]+)__(\w+)\}", r"${\1.\2}", node.text())
    if node.kind() == "raw_string":
        return text[1:-1]
    if node.kind() == "word":
        text = re.sub(r"\\(.)", r"\1", text)
    text = re.sub(r"\$\(.*?\)|`[^`]*`", "${a command}", text, flags=re.DOTALL)
    text = (
        text.replace('\\"', "\0")
        .replace('"', "")
        .replace("'", "" if node.kind() != "string" else "'")
    )
    text = re.sub(r"\$(\w+)", r"${\1}", text.replace("\0", '"'))
    return filled_in(text, values)


def _doubt(node: SgNode) -> str:
    """Return the reason why a command may not run each time, or not once."""
    inner = node.range()
    for outer in node.ancestors():
        kind = str(outer.kind())
        condition = outer.field("condition") if kind == "if_statement" else None
        if condition is not None and condition.range().start.index <= inner.start.index < (
            condition.range().end.index
        ):
            continue
        if kind in _SOMETIMES:
            return _SOMETIMES[kind]
    return ""


def _placed(call: RouteCall, line: int, doubt: str) -> RouteCall:
    return RouteCall(
        call.address, call.path, call.method, call.headers, call.doubt or doubt, call.line + line
    )


def _curl(words: Sequence[str]) -> Iterator[RouteCall]:
    return _called(_options(words, _CURL_VALUES, _CURL_FLAGS), curl=True)


def _wget(words: Sequence[str]) -> Iterator[RouteCall]:
    return _called(_options(words, _WGET_VALUES, _ANY), curl=False)


def _node(words: Sequence[str]) -> Iterator[RouteCall]:
    at = next((at for at, word in enumerate(words) if word in {"-e", "-p", "--eval"}), None)
    script = fetched(words[at + 1]) if at is not None and at + 1 < len(words) else None
    yield from script or ()


_READERS = {"curl": _curl, "wget": _wget, "node": _node}


def _options(
    words: Sequence[str], short: frozenset[str], flags: re.Pattern[str]
) -> Iterator[tuple[str, str]]:
    """Yield each option with its value, and each word that is none under the name ``url``."""
    left = list(words)
    while left:
        word = left.pop(0)
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            takes = not equals and not flags.fullmatch(name)
            yield name, (left.pop(0) if takes and left else value)
        elif word.startswith("-") and len(word) > 1:
            for at, letter in enumerate(word[1:], 2):
                if letter in short:
                    yield letter, word[at:] or (left.pop(0) if left else "")
                    break
                yield letter, ""
        else:
            yield "url", word


def _called(options: Iterator[tuple[str, str]], *, curl: bool) -> Iterator[RouteCall]:
    named = list(options)
    names = {name for name, _ in named}
    header_names = {"H", "header"} if curl else {"header"}
    headers = dict(value.partition(":")[::2] for name, value in named if name in header_names)
    is_data = bool(names & _DATA) and not (curl and names & {"G", "get"})
    is_head = bool(names & ({"I", "head"} if curl else {"spider"}))
    method = "POST" if is_data else "HEAD" if is_head else "GET"
    asked = [value for name, value in named if name in {"X", "request", "method"}]
    doubt = "with data put behind its path" if names & _DATA and not is_data else ""
    if curl and names & {"u", "user", "b", "cookie"}:
        doubt = "with a user or a cookie"
    for url in (value for name, value in named if name == "url"):
        call = call_of(url, (asked or [method])[-1], headers, doubt)
        if call is not None:
            yield call
