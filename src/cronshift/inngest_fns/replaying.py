"""Dead letters of sessions, run again: their sessions wait once more, where nobody has settled them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cronshift.inngest_fns.relay import relay
from cronshift.observing.dead_letters import ReplayedLetter
from cronshift.sessions.flow import EVENT
from cronshift.sessions.requested import session_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    import inngest

    from cronshift.runtime.dead_letters import DeadLetter
    from cronshift.sessions.flow import SessionFlow


def is_of_session(letter: DeadLetter) -> bool:
    """Return whether the letter is of a run that processed a session."""
    return letter.tick is None and letter.event == EVENT


def queue_again(flow: SessionFlow, letters: Iterable[DeadLetter]) -> list[ReplayedLetter]:
    """Let the events of sessions that are still QUEUED wait once more, as a further attempt.

    A session that was settled, or that a run has in hand, is left alone: nothing is charged or paid here.
    What was queued has its session's id as the run; the other letters have none.
    """
    again = []
    for letter in letters:
        session = session_in(letter.event_id, flow.mapped)
        is_queued = session is not None and flow.replay(session)
        again.append(ReplayedLetter(letter, session if is_queued else None))
    return again


def send_waiting(flow: SessionFlow, client: inngest.Inngest) -> str | None:
    """Send the events that wait; return the name of the fault where Inngest does not take them."""
    try:
        asyncio.run(relay(flow, client))
    except Exception as error:  # noqa: BLE001 - they wait, whatever the event API says
        return type(error).__name__
    return None
