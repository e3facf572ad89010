"""Sessions that could not be settled: how many, and why not, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Text, cast, func, literal, select

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cronshift.sessions.mapping import Mapped
    from cronshift.sessions.sweeping import Sweep

MOST_TOLD = 1_000
"""Sessions that are listed one by one; how many there are in all is always told."""

KEPT = "the database keeps it as it is"
UNMOVED = "its user's credits do not move"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A session that could not be settled; ids as text."""

    session_id: str
    user_id: str | None
    reason: str

    def to_json(self) -> dict[str, str | None]:
        """Return it as the commands print it."""
        return {"session_id": self.session_id, "user_id": self.user_id, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Aside:
    """Sessions that could not be settled: how many, and the first of them."""

    total: int
    listed: tuple[SetAside, ...]


@dataclass(frozen=True, slots=True)
class Residue:
    """The sessions that a sweep is for and that are there all the same.

    Attributes:
        only_problems: leave out those of which nothing is known to be wrong: before a sweep.
    """

    mapped: Mapped
    sweep: Sweep
    only_problems: bool

    def read(self, engine: Engine, reasons: dict[str, str] | None = None) -> Aside:
        """Return them with their reasons, those that the sweep has met first."""
        mapped, sweep = self.mapped, self.sweep
        problem = mapped.problem(sweep.owed(mapped)) if sweep.refund else literal(None, Text)
        session, user = cast(mapped.id, Text), cast(mapped.user, Text)
        rows = select(session.label("session"), user.label("user"), problem.label("problem"))
        wanted = rows.where(sweep.where)
        if self.only_problems:
            wanted = wanted.where(problem.is_not(None))
        if sweep.untimed is not None:
            untimed = select(session, user, literal("its time cannot be read"))
            wanted = wanted.union_all(untimed.where(sweep.untimed))  # type: ignore[assignment] # a select too
        listed = wanted.subquery("aside")
        with mapped.dialect.reading(engine).connect() as connection:
            total = connection.execute(select(func.count()).select_from(listed)).scalar_one()
            first = connection.execute(select(listed).limit(MOST_TOLD)).all() if total else []
        causes = reasons or {}
        shown = [
            SetAside(row.session, row.user, row.problem or causes.get(row.session) or KEPT)
            for row in first
        ]
        return Aside(int(total), tuple(shown))
