"""``cronshift operations``: what cronshift did here, and what became of it."""

from __future__ import annotations

from cronshift.commands.abandon import abandon
from cronshift.commands.apply import apply
from cronshift.commands.history import history
from cronshift.commands.resume import resume
from cronshift.commands.show import show


def operations() -> None:
    """List, show, finish and give up what cronshift does to the project.

    Whatever changes something is an operation, journaled in .cronshift/operations before it begins.

    Examples:
      cronshift operations list
      cronshift operations show 01KAV
      cronshift operations resume
    """


SUBCOMMANDS = {
    "list": history,
    "show": show,
    "apply": apply,
    "resume": resume,
    "abandon": abandon,
}
