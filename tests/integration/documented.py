"""What the documentation shows: its pages, their commands, and the real command line to hold them to."""

from __future__ import annotations

import re
import shlex
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
import typer.main

from cronshift.cli import COMMANDS, build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md"]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\S*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
CODE = re.compile(r"`([^`]+)`")
_OPERATORS = {"&&", "||", "|", ";"}
_VARIABLE = re.compile(r"[A-Z_]+=")


class Refused(Exception):  # noqa: N818 - it is what a test reports
    """A command line that the program would not take."""


def page_script(name: str) -> Any:
    """Return a module of ``docs``, which finds those beside it."""
    sys.path.insert(0, str(ROOT / "docs"))
    return import_module(name)


def blocks(text: str, *languages: str) -> Iterator[str]:
    """Yield the fenced blocks of a page in one of the languages."""
    for match in FENCE.finditer(text):
        if match["language"] in languages:
            yield match["text"]


def shown_commands(text: str) -> Iterator[list[str]]:
    """Yield every command that a page's console blocks show, as words."""
    for block in blocks(text, "console"):
        lines = re.sub(r"\\\n", " ", block).splitlines()
        prompted = [line.strip()[2:] for line in lines if line.strip().startswith("$ ")]
        bare = [line.strip() for line in lines if line.startswith("cronshift ")]
        for line in prompted or bare:
            yield from _commands(line)


def spelt_commands(text: str) -> Iterator[list[str]]:
    """Yield every command of ours that a page spells within a sentence."""
    prose = FENCE.sub("", text)
    for code in CODE.findall(prose):
        if code.startswith("cronshift ") and "COMMAND" not in code:
            yield [word for word in shlex.split(" ".join(code.split())) if word != "…"]


def spelt_options(text: str) -> Iterator[str]:
    """Yield every option that a page spells by itself."""
    for code in CODE.findall(FENCE.sub("", text)):
        if match := re.match(r"--[a-z][a-z-]+", code):
            yield match[0]


def _commands(line: str) -> Iterator[list[str]]:
    words: list[str] = []
    for word in [*shlex.split(line, comments=True), ";"]:
        if word in _OPERATORS:
            while words and _VARIABLE.match(words[0]):
                words.pop(0)
            if words:
                yield words[: words.index(">")] if ">" in words else words
            words = []
        else:
            words.append(word)


@cache
def command_line() -> Any:
    """Return the whole command line, as the program builds it."""
    return typer.main.get_command(build(list(COMMANDS)))


def check(words: Sequence[str], *, is_whole: bool = True) -> None:
    """Parse the words behind ``cronshift`` as the program does; nothing is carried out.

    Args:
        words: those behind the program's name.
        is_whole: whether an argument or a value that is missing counts.

    Raises:
        Refused: where the program would refuse them.
    """
    if {"--help", "-h", "--version"} & set(words) or not words:
        return
    try:
        _check(command_line(), "cronshift", list(words), None)
    except typer.TyperException as error:
        is_missing = type(error).__name__ == "MissingParameter" or "requires an arg" in str(error)
        if is_whole or not is_missing:
            raise Refused(f"cronshift {' '.join(words)}: {error.format_message()}") from error


def _check(command: Any, name: str, words: list[str], parent: Any) -> None:
    if not hasattr(command, "commands"):
        command.make_context(name, words, parent=parent)
    elif words:
        context = command.make_context(name, words, parent=parent)
        rest = [*context._protected_args, *context.args]
        name, below, rest = command.resolve_command(context, rest)
        _check(below, name, rest, context)


@cache
def options() -> frozenset[str]:
    """Return every option of every command."""
    return frozenset(_options(command_line()))


def _options(command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    for below in getattr(command, "commands", {}).values():
        yield from _options(below)
