"""What a module in CommonJS exports by the name of what it declares: the declaration is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.javascript import FUNCTIONS, locally
from cronshift.handlers.tree import SourceTree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "exported",
    ["module.exports = { check };", "module.exports = { check: check };", "exports.check = check;"],
)
def test_a_function_is_found_behind_the_object_that_names_it(tmp_path: Path, exported: str) -> None:
    (tmp_path / "auth.js").write_text(f"function check(request) {{}}\n{exported}\n")
    (tmp_path / "app.js").write_text('const { check } = require("./auth");\n')
    definition = locally(SourceTree(tmp_path), "app.js", "check")
    assert definition is not None
    assert definition.file == "auth.js"
    assert definition.node.kind() in FUNCTIONS
