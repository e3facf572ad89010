"""One call of Vercel's for a tick: claimed before it runs and told to the ledger, where those are on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cronshift.runtime.bodies import Body, Reaction
from cronshift.runtime.claiming import SUCCESSES
from cronshift.runtime.ledger import TickStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.runtime.claiming import Claim
    from cronshift.runtime.witness import Witness


@dataclass(frozen=True, slots=True)
class DryRun:
    """The rehearsal of a call: what the app is asked for beside it, and the turn of that.

    Attributes:
        target: path and query, in place of the call's own.
        headers: those that are added to the call's, with lower-case names.
        is_floor: whether the call itself does the work: it is then rehearsed behind its answer.
    """

    target: str
    headers: Mapping[str, str]
    turn: Turn
    is_floor: bool


class Turn:
    """The turn of a call: its claim on the tick, and the witness of its outcome.

    Args:
        claim: on the tick, where claims are on; taking and ending it asks a database.
        witness: where there is a ledger.
        dry_run: what is rehearsed beside the call, whatever comes of it.
    """

    __slots__ = ("_body", "_headers", "_status", "_witness", "claim", "dry_run")

    def __init__(
        self, claim: Claim | None, witness: Witness | None, dry_run: DryRun | None = None
    ) -> None:
        self.claim = claim
        self.dry_run = dry_run
        self._witness = witness
        self._status: int | None = None
        self._headers: Mapping[str, str] = {}
        self._body = Body()

    def refusal(self) -> str | None:
        """Return the reason why the call may not run, if there is one."""
        reason = None if self.claim is None else self.claim.refusal()
        if reason is not None:
            self.stand_by(reason)
        elif self._witness is not None:
            self._witness.began()
        return reason

    def stand_by(self, reason: str) -> None:
        """Let the tick go by."""
        if self._witness is not None:
            self._witness.stood_by({"reason": reason})

    def answer(self, status: int, headers: Mapping[str, str]) -> None:
        """Note the status and headers of the app's answer, with lower-case names."""
        self._status = status
        self._headers = headers

    def add(self, chunk: bytes) -> None:
        """Note the next bytes of its body."""
        if self._witness is not None:
            self._body.add(chunk)

    def end(self, *, whole: bool, error: BaseException | None = None) -> None:
        """End the claim, and tell the witness the outcome.

        Args:
            whole: whether all of the answer was made.
            error: what the app raised.
        """
        status = self._status if whole else None
        if self.claim is not None:
            self.claim.end(status)
        if self._witness is not None:
            reaction = None if status is None else Reaction(status, self._headers, self._body)
            became = TickStatus.COMPLETED if status in SUCCESSES else TickStatus.FAILED
            self._witness.ended(became, reaction, error)
