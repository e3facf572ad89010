"""The types of what is copied into an app: named in full, for compilers that emit declarations without the DOM's.

There `Response` and `RequestInit` are those of a package below Node's own types, which may lie where the app
cannot name it (pnpm), and in which `cache` is no option of `fetch`.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import parse

if TYPE_CHECKING:
    from ast_grep_py import SgNode

LIBRARY = files("cronshift.targets.typescript") / "package"
MODULES = {
    f"{folder}/{file.name}": file.read_text()
    for folder in ("src", "web")
    for file in (LIBRARY / folder).iterdir()
    if file.name.endswith(".ts")
}


def returned(function: SgNode) -> list[str]:
    """Return what a function itself returns, as written."""
    statements = function.find_all(kind="return_statement")
    return [
        statement.text()
        for statement in statements
        if next(node for node in statement.ancestors() if "function" in node.kind()).range()
        == function.range()
    ]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_an_exported_function_that_makes_a_response_says_so(name: str) -> None:
    root = parse(MODULES[name], "typescript")
    assert root is not None
    for exported in root.find_all(kind="export_statement"):
        function = exported.field("declaration")
        if function is None or function.kind() != "function_declaration":
            continue
        makes = any(re.match(r"return (new Response|Response\.)", text) for text in returned(function))  # fmt: skip
        assert not makes or function.field("return_type") is not None, exported.text()


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_request_names_an_option_that_nodes_types_lack(name: str) -> None:
    root = parse(MODULES[name], "typescript")
    assert root is not None
    for pair in root.find_all(kind="pair"):
        if pair.text().startswith("cache:"):
            literal = pair.parent()
            around = literal.parent() if literal is not None else None
            assert around is not None
            assert around.kind() == "as_expression", around.text()
