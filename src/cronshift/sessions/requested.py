"""The event that asks for a session: two ids and an attempt, and nothing of what they stand for."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cronshift.sessions.events import check_event
from cronshift.sessions.settings import UserInEvent

if TYPE_CHECKING:
    from cronshift.sessions.mapping import Mapped

EVENT = "session.requested"
_HASHED = "sha256:"


def event_of(
    session_id: Any, user_id: Any, attempt: int, mapped: Mapped | None = None
) -> dict[str, Any]:
    """Return the event that asks for a session; its id is the same however often it is sent.

    An id that is no UUID may be another table's too; the event's own id then names the table.

    Raises:
        InvalidEventError: if an id is none that an event may carry.
    """
    settings = mapped.settings if mapped else None
    user = user_in_event(
        str(session_id), str(user_id), settings.user_in_event if settings else UserInEvent.AUTO
    )
    data = {"session_id": str(session_id), "user_id": user, "attempt": attempt}
    source = "" if mapped is None or _is_uuid(str(session_id)) else f"{mapped.source}-"
    return {
        "name": EVENT,
        "id": f"{EVENT}-{source}{session_id}-{attempt}",
        "data": check_event(EVENT, data),
    }


def session_in(event_id: str, mapped: Mapped) -> str | None:
    """Return the session that the event of an id asks for; ``None`` where it is another table's, or none."""
    session, _, attempt = event_id.removeprefix(f"{EVENT}-").rpartition("-")
    if not event_id.startswith(f"{EVENT}-") or not attempt.isdecimal():
        return None
    if _is_uuid(session):
        return session
    source = f"{mapped.source}-"
    return session.removeprefix(source) if session.startswith(source) else None


def user_in_event(session_id: str, user_id: str, way: UserInEvent) -> str:
    """Return a user's name in events: as the app has it, or a hash that no other session shares."""
    if way is UserInEvent.PLAIN or (way is UserInEvent.AUTO and "@" not in user_id):
        return user_id
    return hashed_user(session_id, user_id)


def hashed_user(session_id: str, user_id: str) -> str:
    """Return the hash by which a session's event names its user."""
    return _HASHED + sha256(f"{session_id}\n{user_id}".encode()).hexdigest()


def is_user(session_id: str, user_id: str, named: str) -> bool:
    """Return whether an event that names a user so is a session's user's."""
    return named in {user_id, hashed_user(session_id, user_id)}


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
