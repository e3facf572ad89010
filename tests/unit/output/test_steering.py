"""No text of what is printed steers a terminal, whatever holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cronshift.output.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType

STEERING = "job\x1b[2J\x1b]0;title\x07\u202egnp\x9b31m"


def table() -> Table:
    table = Table()
    table.add_column(STEERING)
    table.add_row(Text(STEERING))
    return table


def tree() -> Tree:
    tree = Tree(Text(STEERING))
    tree.add(Text(STEERING, style="red"))
    return tree


@pytest.mark.parametrize(
    "what", [STEERING, Text(STEERING), Text(STEERING, no_wrap=True), table(), tree()]
)
def test_control_characters_are_spelt_out(
    what: RenderableType, capfd: pytest.CaptureFixture[str]
) -> None:
    console = Console(no_color=True)
    console.result(what)
    console.message(what)
    out, err = capfd.readouterr()
    for text in (out, err):
        assert not set(text) & set("\x1b\x07\u202e\x9b")
        assert "\\x1b[2J" in text.replace("\n", "")


def test_what_is_printed_is_else_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    console = Console(no_color=True)
    console.result(Text("one\ntwo\tthree"))
    console.result(Text("four"))
    assert capfd.readouterr().out == "one\ntwo     three\nfour\n"
