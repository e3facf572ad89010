"""The list of sessions that could not be settled, with the reasons."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronshift.output.console import Console
    from cronshift.sessions.aside import Aside

_LISTED = 20  # on a terminal; --json has more


def tell_aside(console: Console, aside: Aside) -> None:
    """List sessions that were left as they are, with their reasons."""
    if not aside.total:
        return
    were = "session is" if aside.total == 1 else "sessions are"
    console.say(f"{aside.total:,} {were} left as they are, unpaid:", style="bold")
    for each in aside.listed[:_LISTED]:
        console.say(f"  {each.session_id}: {each.reason}")
    rest = Counter(each.reason for each in aside.listed[_LISTED:])
    for reason, number in rest.most_common():
        console.say(f"  {number:,} more: {reason}")
