"""Changes in the user's database: a batch of statements that is done once, or undone once.

No text of SQL is ever read from anywhere: the statements are built here, from their kind.

A row in ``cronshift_changes``, written in the same transaction, is the record of it, so that
finishing after a crash neither repeats nor forgets.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cronshift.errors import RefusedError

if TYPE_CHECKING:
    from sqlalchemy import ColumnClause, Connection, Engine

    from cronshift.operations.changes import AddToNumber, RunSql


def settle(batch: RunSql, operation: str, number: int, *, done: bool) -> None:
    """Bring a batch to its state: its statements run (``done``), or taken back.

    Raises:
        RefusedError: if the database cannot be reached, or refuses; nothing of the batch is done
            then.
    """
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    key = {"operation": operation, "number": number}
    engine = _engine(batch.database_env)
    try:
        with engine.begin() as connection:
            connection.execute(text(_TABLE))
            if _is_done(connection, key) == done:
                return
            for statement in (batch if done else batch.inverse()).statements:
                _add(connection, statement)
            connection.execute(text(_MARK if done else _UNMARK), key)
    except SQLAlchemyError as error:
        raise RefusedError(
            f"The database of {batch.database_env} refuses: {type(error).__name__}.",
            reason="database-refuses",
            hint="cronshift operations resume goes on once it is reachable; resume --revert undoes the rest.",
        ) from error
    finally:
        engine.dispose()


def check(batch: RunSql) -> None:
    """Make sure that the database can be reached, before anything is changed.

    Raises:
        RefusedError: if it cannot.
    """
    from sqlalchemy.exc import SQLAlchemyError

    engine = _engine(batch.database_env)
    try:
        engine.connect().close()
    except SQLAlchemyError as error:
        raise RefusedError(
            f"The database of {batch.database_env} cannot be reached: {type(error).__name__}.",
            reason="database-unreachable",
            hint="Nothing was changed. Check the variable and the network.",
        ) from error
    finally:
        engine.dispose()


_TABLE = """
CREATE TABLE IF NOT EXISTS cronshift_changes (
  operation VARCHAR(26) NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (operation, number)
)
"""
_MARK = "INSERT INTO cronshift_changes (operation, number) VALUES (:operation, :number)"
_UNMARK = "DELETE FROM cronshift_changes WHERE operation = :operation AND number = :number"


def _add(connection: Connection, statement: AddToNumber) -> None:
    """Add to a number; the names are quoted, the values are parameters."""
    from sqlalchemy import column, table, update

    number: ColumnClause[int] = column(statement.column)
    rows = table(statement.table, column(statement.key), number)
    connection.execute(
        update(rows)
        .where(rows.c[statement.key] == statement.value)
        .values({statement.column: number + statement.amount})
    )


def _is_done(connection: Connection, key: dict[str, object]) -> bool:
    from sqlalchemy import text

    wanted = "SELECT 1 FROM cronshift_changes WHERE operation = :operation AND number = :number"
    return connection.execute(text(wanted), key).first() is not None


def _engine(database_env: str) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError

    url = os.environ.get(database_env, "")
    try:
        return create_engine(url)
    except (ArgumentError, ImportError):
        raise RefusedError(
            f"{database_env} holds no address of a database.",
            reason="no-database",
            hint="Write it like postgresql+psycopg://user@host/name.",
            where=database_env,
        ) from None
