"""Claims of a tick before it runs, where ``CRONSHIFT_CLAIMS_URL`` names a database, or an address of the app's.

``sqlite`` alone means a file of this machine, ``.cronshift/claims.db``. Claims that cannot be reached
never silence a job: the tick runs, and may run twice, and that is logged. With
``CRONSHIFT_CLAIMS_AWAY=wait`` it waits instead, and is told as missed.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cronshift.errors import CronshiftError
from cronshift.runtime import wire
from cronshift.runtime.protection import is_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cronshift.runtime.addressed_claims import AddressedClaims
    from cronshift.runtime.store.claims import Claims

    AnyClaims = Claims | AddressedClaims

T = TypeVar("T")

VARIABLE = wire.CLAIMS_VARIABLE
_DEFAULT = Path(".cronshift") / "claims.db"
_USUAL_SECRET = "CRON_SECRET"  # noqa: S105 - a name
SUCCESSES = range(200, 300)
_logger = logging.getLogger("cronshift")


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of one call on the tick that it is for; ``secret_env`` holds the bearer of an address."""

    job: str
    tick: datetime
    holder: str
    secret_env: str = _USUAL_SECRET

    def refusal(self) -> str | None:
        """Take the claim, and return why the call may not run, if it may not."""
        try:
            is_mine = take(self.job, self.tick, self.holder, self.secret_env)
        except ConnectionError:
            return wire.UNASKED
        return None if is_mine else wire.CLAIMED

    def end(self, status: int | None) -> None:
        """Record that the tick has run, or give it back.

        Args:
            status: of the answer, once all of it was made; ``None`` for a call that has none.
        """
        ending = finish if status in SUCCESSES else release
        ending(self.job, self.tick, self.holder, self.secret_env)


def take(job: str, tick: datetime, holder: str, secret_env: str = _USUAL_SECRET) -> bool:
    """Say whether ``holder`` may run the tick; always, where no claims are named.

    Raises:
        ConnectionError: if the claims do not answer, and ticks are to wait for them.
    """
    if is_configured() and ticks_wait():
        return take_surely(job, tick, holder, secret_env)
    return _ask(lambda claims: claims.take(job, tick, holder), True, secret_env)


def take_surely(job: str, tick: datetime, holder: str, secret_env: str = _USUAL_SECRET) -> bool:
    """Say whether ``holder`` may run a tick that only its claim lets run.

    Raises:
        ConnectionError: if the claims do not answer.
    """
    answer: bool | None = _ask(lambda claims: claims.take(job, tick, holder), None, secret_env)
    if answer is None:
        raise ConnectionError(f"{wire.UNASKED}, and the tick does not run unclaimed")
    return answer


def finish(job: str, tick: datetime, holder: str, secret_env: str = _USUAL_SECRET) -> None:
    """Record that the tick has run."""
    _ask(lambda claims: claims.finish(job, tick, holder), None, secret_env)


def release(job: str, tick: datetime, holder: str, secret_env: str = _USUAL_SECRET) -> None:
    """Give the tick back, because running it failed."""
    _ask(lambda claims: claims.release(job, tick, holder), None, secret_env)


def goes_on_before(job: str, tick: datetime, secret_env: str = _USUAL_SECRET) -> bool:
    """Return whether a run of an earlier tick goes on; never, where no claims are named."""
    return _ask(lambda claims: claims.goes_on_before(job, tick), False, secret_env)


def has_run(job: str, tick: datetime, secret_env: str = _USUAL_SECRET) -> bool:
    """Return whether the claims say that a tick has run; never, where none are named."""
    return _ask(lambda claims: claims.has_run(job, tick), False, secret_env)


def is_configured() -> bool:
    """Return whether a database or an address is named."""
    return bool(os.environ.get(VARIABLE))


def are_kept_here() -> bool:
    """Return whether this process has the claims itself, and does not ask another for them."""
    url = os.environ.get(VARIABLE, "")
    return bool(url) and not is_address(url)


def ticks_wait() -> bool:
    """Return whether no tick is to run whose claim cannot be asked for; a word that is unknown says so too."""
    return os.environ.get(wire.CLAIMS_AWAY_VARIABLE, "").strip().lower() not in {"", "run"}


def ask_here(question: Callable[[Claims], T]) -> T:
    """Return the answer of this process's own database; every fault is raised."""
    return question(opened(os.environ[VARIABLE]))


def _ask(question: Callable[[AnyClaims], T], otherwise: T, secret_env: str) -> T:
    url = os.environ.get(VARIABLE)
    if not url:
        return otherwise
    try:
        return question(_named(url, secret_env))
    except faults() as error:
        _logger.warning("%s: no claim was made (%s)", VARIABLE, type(error).__name__)
        return otherwise


def _named(url: str, secret_env: str) -> AnyClaims:
    """Return the claims in the database that a URL names, or at that address."""
    if is_address(url):
        from cronshift.runtime.addressed_claims import AddressedClaims

        return AddressedClaims(url, secret_env)
    return opened(url)


@lru_cache(maxsize=4)
def opened(url: str) -> Claims:
    """Return the claims in the database that ``url`` names, opened once."""
    from cronshift.runtime.store.claims import Claims

    if url == "sqlite":
        _DEFAULT.parent.mkdir(exist_ok=True)
        url = f"sqlite:///{_DEFAULT}"
    return Claims.open(url)


def faults() -> tuple[type[Exception], ...]:
    """Return the errors by which claims say that they cannot be asked."""
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:  # one that asks an address has none
        return (CronshiftError, OSError)
    return (CronshiftError, OSError, SQLAlchemyError)
