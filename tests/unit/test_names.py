"""A name says what it stands for, and one class name stands for one thing."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import cronshift

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUSE = Path(cronshift.__file__).parent
VAGUE = {"one", "found", "known", "said", "told", "held", "given", "own"}
RIDDLE = re.compile(
    r"(?:Return |Yield )?(?:what|who|where|how|which|that|why|when)\b|(?:whether|as|by)\b",
    re.IGNORECASE,
)
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(HOUSE.rglob("*.py")):
        yield file.relative_to(HOUSE).as_posix(), ast.parse(file.read_bytes())


def bound(node: ast.AST) -> str | None:
    """Return the name that a node binds: a variable, an argument, a function."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.MatchAs(name=name) | ast.MatchStar(name=name) | ast.ExceptHandler(name=name):
            return name
    return None


def test_no_name_is_a_participle_or_a_pronoun() -> None:
    vague = [
        f"{path}:{getattr(node, 'lineno', 0)} {name}"
        for path, module in modules()
        for node in ast.walk(module)
        if (name := bound(node)) and name.strip("_") in VAGUE
    ]
    assert vague == []


def test_a_class_name_means_one_thing() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_a_docstring_begins_with_the_thing_or_the_verb() -> None:
    """A property that answers yes or no begins with True; a function with its verb."""
    riddles = [
        f"{path}:{getattr(node, 'lineno', 0)} {text.splitlines()[0]}"
        for path, module in modules()
        for node in ast.walk(module)
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node))
        if RIDDLE.match(text)
    ]
    assert riddles == []
