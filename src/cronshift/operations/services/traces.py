"""Traces of Inngest's runs, as its API tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def first_event(root: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event that a run began with, by the first span of its trace; empty without one."""
    began = root.get("input")
    events = began.get("data") if isinstance(began, dict) else began
    event = events[0] if isinstance(events, list) and events else {}
    return event if isinstance(event, dict) else {}
