"""The flow's side of an app in Python: a processor, and types for its TypeScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.operations import Edit
from cronshift.operations.files import content, inside
from cronshift.sessions.events import event_schema
from cronshift.sessions.events.typescript import typescript
from cronshift.sessions.flow import EVENT
from cronshift.targets.scaffold.rendering import FlowNames, rendered

if TYPE_CHECKING:
    from pathlib import Path

FLOW_FILE = "session_flow.py"
TYPES_FILE = "session_events.ts"


def python_edits(root: Path, names: FlowNames) -> list[Edit]:
    """Return the edits that write the processor, and the event's types where there is TypeScript."""
    edits = []
    if content(inside(root, FLOW_FILE)) is None:
        text = rendered("session_flow.py", names)
        edits.append(
            Edit(FLOW_FILE, text.encode(), summary="where you write how an item is processed")
        )
    if content(inside(root, "tsconfig.json")) and not content(inside(root, TYPES_FILE)):
        text = typescript(EVENT, event_schema(EVENT))
        edits.append(Edit(TYPES_FILE, text.encode(), summary=f"the type of {EVENT}"))
    return edits
