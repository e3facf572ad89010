"""Databases that real apps have and examples do not: made from a few words, and asked over the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from cronshift.cli import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from sqlalchemy import Engine

SETTINGS = """
[sessions]
table = "renders"
id = "id"
user = "owner_id"
status = "state"
created = "made_at"
error = "why"
queued = "queued"
processing = ["drawing"]
finished = "done"
failed = "failed"
cost = { column = "price" }
{more}
[sessions.credits]
table = "owners"
id = "id"
balance = "coins"
{credits}
"""
USERS = "CREATE TABLE owners (id integer PRIMARY KEY, coins integer NOT NULL)"
RENDERS = (
    "CREATE TABLE renders (id integer PRIMARY KEY, owner_id integer, state text,"
    " made_at {time}, why text, price {price})"
)
OLD = "2020-01-01 00:00:00"


@dataclass
class Told:
    """What a command answered: its exit code, and its document."""

    code: int
    document: Any
    text: str

    @property
    def reasons(self) -> dict[str, str]:
        return {each["session_id"]: each["reason"] for each in self.document.get("exceptions", ())}


@dataclass
class Odd:
    """An app's database, and the folder from which cronshift is asked about it."""

    root: Path
    url: str
    engine: Engine
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def make(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def renders(self, time: str = "timestamp", price: str = "integer") -> None:
        """Make the usual two tables."""
        self.make(USERS, RENDERS.format(time=time, price=price))

    def map(self, more: str = "", credit: str = "", **changes: str) -> None:
        """Write the settings; ``changes`` replace the value of a key of [sessions]."""
        settings = SETTINGS.replace("{more}", more).replace("{credits}", credit)
        for key, value in changes.items():
            lines = settings.splitlines()
            place = next(n for n, line in enumerate(lines) if line.startswith(f"{key} = "))
            lines[place] = f"{key} = {value}"
            settings = "\n".join(lines)
        self.root.mkdir(exist_ok=True)
        (self.root / "vercel.json").write_text('{"crons": []}')
        (self.root / "cronshift.toml").write_text(settings)

    def one(self, sql: str) -> Any:
        with self.engine.connect() as connection:
            row = connection.execute(text(sql)).one()
        return row[0] if len(row) == 1 else tuple(row)

    def coins(self, owner: int | str = 1) -> Any:
        return self.one(f"SELECT coins FROM owners WHERE id = '{owner}'")

    def states(self) -> list[str]:
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT state FROM renders ORDER BY id"))
            return [str(row[0]) for row in rows]

    def ledger(self) -> Any:
        """Return the sum of all refunds."""
        return self.one("SELECT coalesce(sum(amount), 0) FROM cronshift_refunds")

    def tables(self) -> set[str]:
        from sqlalchemy import inspect

        return set(inspect(self.engine).get_table_names())

    def become(self, role: str) -> None:
        """Let cronshift be a user of the server to whom policies apply."""
        self.make(
            f"CREATE ROLE {role}_{self.database} LOGIN",
            f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}_{self.database}",
            f"GRANT ALL ON SCHEMA public TO {role}_{self.database}",
        )
        self._sign_in(f"{role}_{self.database}")

    def only_reads(self) -> None:
        """Let cronshift be a user who may only read, as on a read replica."""
        if self.is_postgresql:
            role = f"reader_{self.database}"
            self.make(
                f"CREATE ROLE {role} LOGIN",
                f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
                f"ALTER ROLE {role} SET default_transaction_read_only = on",
            )
            self._sign_in(role)
        else:
            self.url = self.url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true"

    @property
    def database(self) -> str:
        return str(self.engine.url.database)

    def _sign_in(self, role: str) -> None:
        self.url = self.engine.url.set(username=role).render_as_string(hide_password=False)

    def ask(self, *words: str) -> Told:
        """Ask cronshift in this process."""
        self.patch.chdir(self.root)
        self.patch.setenv("DATABASE_URL", self.url)
        self.capture.readouterr()
        code = run([*words, "--json"])
        output = self.capture.readouterr()
        return Told(code, json.loads(output.out), output.out + output.err)

    def sweep(self) -> Told:
        """Fail and refund the orphans."""
        return self.ask("sessions", "orphans", "--fail", "--yes")
