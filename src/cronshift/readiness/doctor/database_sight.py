"""A look at the databases: reachable, and with the tables that are written; nothing is made."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import CronshiftError
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.claiming import VARIABLE as CLAIMS
from cronshift.runtime.protection import is_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.readiness.doctor.asking import Asking
    from cronshift.sessions.settings import SessionSettings

_FILE = "sqlite"
_NOBODYS = "cronshift doctor"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = "3"


class DatabaseSight(Struct, frozen=True):
    """The state of one database, by the variable that names it."""

    variable: str
    answer: Knowledge
    sentence: str
    remedy: str = ""


def load_drivers(asking: Asking) -> None:
    """Load the libraries of databases where there are any: seconds of that are no answer's."""
    if asking.project.settings.sessions is not None or asking.environ.get(CLAIMS, _FILE) != _FILE:
        import_module("cronshift.sessions.scripts")
        import_module("cronshift.runtime.store.tables")


async def look_at_databases(asking: Asking, deadline: float) -> tuple[DatabaseSight, ...]:
    """Ask the databases of the claims and of the sessions, where there are any."""
    looks: dict[str, Callable[[], DatabaseSight]] = {}
    sessions = asking.project.settings.sessions
    if sessions is not None:
        looks[sessions.database_url_env] = lambda: _sessions(asking, sessions)
    if asking.environ.get(CLAIMS):
        looks[CLAIMS] = lambda: _claims(asking)
    return tuple(await asyncio.gather(*(_in_time(*item, deadline) for item in looks.items())))


async def _in_time(
    variable: str, look: Callable[[], DatabaseSight], deadline: float
) -> DatabaseSight:
    """Return the sight of a look; one that does not end is left behind."""
    loop = asyncio.get_running_loop()
    seen: asyncio.Future[DatabaseSight] = loop.create_future()

    def end(sight: DatabaseSight) -> None:
        if not seen.done():
            seen.set_result(sight)

    def run() -> None:
        try:
            sight = look()
        except CronshiftError as error:
            sight = DatabaseSight(variable, Knowledge.BAD, error.message, error.hint or "")
        if not loop.is_closed():
            loop.call_soon_threadsafe(end, sight)

    threading.Thread(target=run, daemon=True).start()
    try:
        async with asyncio.timeout_at(deadline):
            return await seen
    except TimeoutError:
        text = f"The database of {variable} did not answer in time."
        return DatabaseSight(
            variable, Knowledge.BAD, text, "Is it running, and is there a way to it?"
        )


def _sessions(asking: Asking, settings: SessionSettings) -> DatabaseSight:
    from cronshift.sessions.scripts import open_database

    variable = settings.database_url_env
    if not asking.environ.get(variable):
        text = f"{variable} is not set here, so its database was not asked."
        return DatabaseSight(variable, Knowledge.UNKNOWN, text, f"Set {variable}, and ask again.")
    database = open_database(settings)
    try:
        ready = database.mapped.ours.ready
    finally:
        database.close()
    if not ready:
        text = f"The database of {variable} fits [sessions]; cronshift's own tables are not made yet, or old."
        remedy = "What first writes to them makes them: cronshift sessions refunds"
        return DatabaseSight(variable, Knowledge.UNKNOWN, text, remedy)
    text = f"The database of {variable} fits [sessions], and has cronshift's tables."
    return DatabaseSight(variable, Knowledge.GOOD, text)


def _addressed_claims(asking: Asking) -> DatabaseSight:
    """Ask the address for a tick that nobody ever had; the bearer is this environment's."""
    from cronshift.runtime.addressed_claims import AddressedClaims

    secret_env = asking.project.settings.bridge.secret_env
    if not asking.environ.get(secret_env):
        text = f"{CLAIMS} is an address, and {secret_env} is not set here, so it was not asked."
        return DatabaseSight(CLAIMS, Knowledge.UNKNOWN, text, f"Set {secret_env} here, too.")
    try:
        AddressedClaims(asking.environ[CLAIMS], secret_env).has_run(_NOBODYS, _LONG_AGO)
    except OSError as error:
        text = f"The address of {CLAIMS} does not answer for claims: {error}."
        remedy = (
            "It is a Python worker's endpoint with a database there, and takes the same bearer."
        )
        return DatabaseSight(CLAIMS, Knowledge.BAD, text, remedy)
    return DatabaseSight(CLAIMS, Knowledge.GOOD, f"The address of {CLAIMS} answers for the claims.")


def _claims(asking: Asking) -> DatabaseSight:
    address = asking.environ[CLAIMS]
    if address == _FILE:
        text = f"{CLAIMS} is a file of the machine that runs the functions."
        return DatabaseSight(CLAIMS, Knowledge.GOOD, text)
    if is_address(address):
        return _addressed_claims(asking)
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    from cronshift.runtime.store.tables import CLAIMS as TABLE

    try:
        engine = create_engine(address)
        if engine.dialect.name == "postgresql":
            engine = create_engine(address, connect_args={"connect_timeout": _SECONDS})
        names = inspect(engine)
        if not names.has_table(TABLE.name):
            text = f"The database of {CLAIMS} answers; the first claim makes its table."
            return DatabaseSight(CLAIMS, Knowledge.GOOD, text)
        there = {column["name"] for column in names.get_columns(TABLE.name)}
    except (ArgumentError, ImportError, SQLAlchemyError) as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        text = f"The database of {CLAIMS} cannot be used: {kind}."
        remedy = "A tick runs without a claim then, and may run twice: correct the variable."
        return DatabaseSight(CLAIMS, Knowledge.BAD, text, remedy)
    lacking = set(TABLE.columns.keys()) - there
    if lacking:
        text = f"{TABLE.name} in the database of {CLAIMS} lacks {', '.join(sorted(lacking))}."
        return DatabaseSight(CLAIMS, Knowledge.BAD, text, f"Drop {TABLE.name}: it is made anew.")
    return DatabaseSight(CLAIMS, Knowledge.GOOD, f"The database of {CLAIMS} has the claims.")
