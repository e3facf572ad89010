"""Other callers of a job's route: who they are, and what becomes of them when its work is a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.project.conventions.sources import is_test

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 3
_ALONE = ", by tests alone"
_SENDING = "with --callers event the route stays, and sends one"
_TELLING = "with --callers tell it goes, and they are told which event to send"


def in_words(uses: Sequence[str]) -> str | None:
    """Return the uses of a route (``called by scripts/now.sh:2``) in words; ``None`` where there are none."""
    files = {use.rpartition(" ")[2].rpartition(":")[0] for use in uses}
    alone = _ALONE if all(map(is_test, files)) else ""
    return f"it is {' and '.join(uses[:_SHOWN])}{alone}" if uses else None


def offered(*, may_send: bool) -> str:
    """Return the choices of a user whose route others call, in words."""
    return f"{_SENDING}; {_TELLING}" if may_send else _TELLING


def told_of_event(path: str, event: str, callers: str, *, is_sent: bool) -> str:
    """Return the sentence about a route whose work an event has done from then on.

    Args:
        path: of the route.
        event: its name.
        callers: who calls the route, in words.
        is_sent: whether the route stays, and sends it.
    """
    if is_sent:
        return (
            f"{path} sends {event} and answers 202: who calls it waits for no work any more."
            " The app needs INNGEST_EVENT_KEY where it runs."
        )
    done = f"send {event} there instead (inngest.send)"
    if callers.endswith(_ALONE):
        done = f"what they ask of it goes too, or is asked of {event} (inngest.send)"
    return f"{path} answers nobody any more, and {callers}: {done}."
