"""Dead letters as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from cronshift.output.console import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.runtime.dead_letters import DeadLetter


def letters_table(letters: Iterable[DeadLetter]) -> Table:
    """Return one line a letter."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in ("Died (UTC)", "Job", "For", "Status", "Tries", "Error", "Run"):
        table.add_column(name, overflow="fold")
    for letter in letters:
        table.add_row(
            f"{letter.died:%d %b %H:%M}",
            Text(plain(letter.job)),
            Text(_began(letter)),
            Text("replayed" if letter.replayed else letter.status.value),
            "?" if letter.attempts is None else str(letter.attempts),
            Text(plain(letter.error)),
            Text(plain(letter.run_id)),
        )
    return table


def letter_text(letter: DeadLetter) -> Text:
    """Return a letter, a line for each thing that is known of it."""
    rows = {
        "Run": letter.run_id,
        "Job": letter.job,
        "Status": letter.status.value,
        "For": _began(letter),
        "Event": f"{letter.event} {letter.event_id}".strip(),
        "Attempts": "not known" if letter.attempts is None else str(letter.attempts),
        "Died": f"{letter.died:%Y-%m-%d %H:%M:%S} UTC",
        "Error": letter.error,
        "Replayed": f"{letter.replayed:%Y-%m-%d %H:%M:%S} UTC" if letter.replayed else "",
        "As": letter.replay or "",
    }
    lines = [f"{name:<9} {plain(value)}" for name, value in rows.items() if value]
    return Text("\n".join(lines))


def _began(letter: DeadLetter) -> str:
    return f"{letter.tick:%d %b %H:%M}" if letter.tick else plain(letter.event)
