"""Claims of a tick before it runs, where ``CRONSHIFT_CLAIMS_URL`` names a database.

``sqlite`` alone means a file of this machine, ``.cronshift/claims.db``. A database that cannot be
reached never silences a job: the tick runs, and may run twice, and that is logged.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cronshift.runtime.store.claims import Claims

T = TypeVar("T")

VARIABLE = "CRONSHIFT_CLAIMS_URL"
_DEFAULT = Path(".cronshift") / "claims.db"
SUCCESSES = range(200, 300)
_logger = logging.getLogger("cronshift")


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of one call on the tick that it is for."""

    job: str
    tick: datetime
    holder: str

    def take(self) -> bool:
        """Say whether the call may run."""
        return take(self.job, self.tick, self.holder)

    def end(self, status: int | None) -> None:
        """Record that the tick has run, or give it back.

        Args:
            status: of the answer, once all of it was made; ``None`` for a call that has none.
        """
        (finish if status in SUCCESSES else release)(self.job, self.tick, self.holder)


def take(job: str, tick: datetime, holder: str) -> bool:
    """Say whether ``holder`` may run the tick; always, where no database is named."""
    return _ask(lambda claims: claims.take(job, tick, holder), otherwise=True)


def take_surely(job: str, tick: datetime, holder: str) -> bool:
    """Say whether ``holder`` may run a tick that only its claim lets run.

    Raises:
        ConnectionError: if the database does not answer.
    """
    answer: bool | None = _ask(lambda claims: claims.take(job, tick, holder), otherwise=None)
    if answer is None:
        raise ConnectionError(
            "the claims cannot be asked, and the tick is not made up for unclaimed"
        )
    return answer


def finish(job: str, tick: datetime, holder: str) -> None:
    """Record that the tick has run."""
    _ask(lambda claims: claims.finish(job, tick, holder), otherwise=None)


def release(job: str, tick: datetime, holder: str) -> None:
    """Give the tick back, because running it failed."""
    _ask(lambda claims: claims.release(job, tick, holder), otherwise=None)


def goes_on_before(job: str, tick: datetime) -> bool:
    """Return whether a run of an earlier tick goes on; never, where no database is named."""
    return _ask(lambda claims: claims.goes_on_before(job, tick), otherwise=False)


def has_run(job: str, tick: datetime) -> bool:
    """Return whether the claims say that a tick has run; never, where no database is named."""
    return _ask(lambda claims: claims.has_run(job, tick), otherwise=False)


def is_configured() -> bool:
    """Return whether a database is named."""
    return bool(os.environ.get(VARIABLE))


def _ask(question: Callable[[Claims], T], otherwise: T) -> T:
    url = os.environ.get(VARIABLE)
    if not url:
        return otherwise
    try:
        return question(opened(url))
    except (CronshiftError, OSError, _database_errors()) as error:
        _logger.warning("%s: no claim was made (%s)", VARIABLE, type(error).__name__)
        return otherwise


@lru_cache(maxsize=4)
def opened(url: str) -> Claims:
    """Return the claims in the database that ``url`` names, opened once."""
    from cronshift.runtime.store.claims import Claims

    if url == "sqlite":
        _DEFAULT.parent.mkdir(exist_ok=True)
        url = f"sqlite:///{_DEFAULT}"
    return Claims.open(url)


def _database_errors() -> type[Exception]:
    from sqlalchemy.exc import SQLAlchemyError

    return SQLAlchemyError
