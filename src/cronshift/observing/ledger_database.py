"""The database that the ledger's variable names here, and why none can be read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError
from cronshift.runtime.wire import LEDGER_EVENTS, LEDGER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def why_unreadable(url: str) -> str:
    """Return the reason that no records can be read at ``url``; empty where they can."""
    if not url:
        return f"{LEDGER_VARIABLE} is not set here."
    if url.startswith(("https://", "http://")):
        return f"{LEDGER_VARIABLE} names an address that takes records: name its database."
    return ""


def database_url(environ: Mapping[str, str]) -> str:
    """Return the address of the ledger's database.

    Raises:
        CronshiftError: ``no-ledger`` where the variable names none.
    """
    url = environ.get(LEDGER_VARIABLE, "")
    why = why_unreadable(url)
    if url == LEDGER_EVENTS:
        why = f"{LEDGER_VARIABLE} sends records to Inngest, where one cannot be looked up."
    if why:
        raise CronshiftError(
            why, reason="no-ledger", hint=f"Set {LEDGER_VARIABLE} to the address of the database."
        )
    return url


@contextmanager
def told_by_database() -> Iterator[None]:
    """Turn what the database's driver raises into a sentence without its address.

    Raises:
        CronshiftError: ``no-ledger``.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        raise CronshiftError(
            f"The ledger's database did not tell ({type(error).__name__}).",
            reason="no-ledger",
            hint=f"Is {LEDGER_VARIABLE} its address, and can it be reached from here?",
        ) from None
