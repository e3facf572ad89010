"""Every command that the documentation shows is one that the program takes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.integration.documented import (
    PAGES,
    ROOT,
    Refused,
    check,
    options,
    shown_commands,
    spelt_commands,
    spelt_options,
)

import cronshift

# What others' programs take, in sentences about them.
OTHERS = {"--no-ui", "--redis-uri", "--filter", "--env-file", "--noEmit"}
PROGRAMS = {
    "cronshift", "make", "git", "cd", "npm", "npx", "pip", "pipx", "uv", "inngest", "docker", "vi",
    "python3", ".venv/bin/pip", ".venv/bin/uv", ".venv/bin/ruff", ".venv/bin/mypy",
    ".venv/bin/pytest", ".venv/bin/python", "jq", "uvicorn", "cp", "pre-commit", "cat", "curl", "export",
}  # fmt: skip
COMMAND = re.compile(
    r"(?<![/\w.-])cronshift(?: (?!X\b|does\b|itself\b)[a-z][a-z-]*| --?[a-z][a-z-]*| X\b)+"
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_commands_that_the_program_takes(name: str) -> None:
    text = (ROOT / name).read_text()
    for program, *words in shown_commands(text):
        assert program in PROGRAMS, program
        if program == "cronshift":
            check([word for word in words if word != "…"])
        elif program == "make":
            assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        elif program == ".venv/bin/python":
            assert (ROOT / words[0]).is_file()
    for _, *words in spelt_commands(text):
        check(words, is_whole=False)
    assert set(spelt_options(text)) - options() - OTHERS == set()


@pytest.mark.parametrize(
    "line",
    [
        "audit --nonsense",
        "cutover a --percent ten",
        "nonsense",
        "operations finish",
        "run",
        "explain",
    ],
)
def test_what_the_program_does_not_take_is_refused(line: str) -> None:
    with pytest.raises(Refused):
        check(line.split())


def test_every_command_in_a_hint_is_one_that_the_program_takes() -> None:
    refused = []
    for file in sorted(Path(cronshift.__file__).parent.rglob("*.py")):
        for text in hints(ast.parse(file.read_bytes())):
            for command in COMMAND.findall(text.replace("cronshift X", "")):
                try:
                    check(trimmed(command.split()[1:]), is_whole=False)
                except Refused as error:
                    refused.append(f"{file.name}: {error}")
    assert refused == []


def hints(module: ast.Module) -> list[str]:
    """Return what ``hint=`` and ``remedy=`` say in a module; ``X`` stands for what is filled in."""
    return [
        text_of(keyword.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in {"hint", "remedy"}
    ]


def text_of(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part) for part in parts)
        case ast.BinOp(left=left, right=right):
            return text_of(left) + text_of(right)
        case ast.IfExp(body=body, orelse=other):
            return f"{text_of(body)}; {text_of(other)}"
        case _:
            return "X"


def trimmed(words: list[str]) -> list[str]:
    """Return the words of a command without those of the sentence that goes on behind it."""
    end = len(words)
    while end > 1 and not words[end - 1].startswith("-") and not is_taken(words[:end]):
        end -= 1
    return words[:end]


def is_taken(words: list[str]) -> bool:
    try:
        check(words, is_whole=False)
    except Refused:
        return False
    return True
