"""The status of flows: which share of a flow's users is Inngest's, and what changes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.runtime.ownership import Epoch, Ownership, percent_at, tick_text

if TYPE_CHECKING:
    from datetime import datetime


class FlowStatus(Struct, frozen=True):
    """One flow's place in the move.

    Attributes:
        percent: of its users, Inngest's at present.
        upcoming: the epoch that is still to start.
    """

    flow: str
    percent: int
    upcoming: Epoch | None

    def to_json(self) -> dict[str, Any]:
        """Return the flow's part of the status document."""
        epoch = self.upcoming
        change = epoch and {"at": tick_text(epoch.effective_at), "percent": epoch.percent}
        return {"flow": self.flow, "percent": self.percent, "next_change": change}

    @property
    def sentence(self) -> str:
        """The same for a reader."""
        then = ""
        if self.upcoming is not None:
            begins = tick_text(self.upcoming.effective_at)
            then = f", {self.upcoming.percent} % from {begins} on"
        return f"flow {self.flow}: {self.percent} % of its users are Inngest's{then}."


def flow_statuses(ownership: Ownership, now: datetime) -> tuple[FlowStatus, ...]:
    """Return the place of every flow of an ownership file."""
    return tuple(
        FlowStatus(
            flow,
            percent_at(epochs, now),
            next((epoch for epoch in epochs if epoch.effective_at > now), None),
        )
        for flow, epochs in ownership.flows.items()
    )
