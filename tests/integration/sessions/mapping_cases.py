"""The cases of tests/data/session-mapping.json, for both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text
from tests.integration.sessions.odd import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data/session-mapping.json").read_text()
)["cases"]
USUAL = {
    "OWNERS": "CREATE TABLE owners (id integer PRIMARY KEY, coins integer NOT NULL)",
    "RENDERS": "CREATE TABLE renders (id integer PRIMARY KEY, owner_id integer, state text,"
    " made_at timestamptz, why text, price integer)",
}


def settings_of(case: dict[str, Any]) -> str:
    return SETTINGS.replace("{more}", case.get("more", "")).replace("{credits}", "")


def make(url: str, statements: Iterable[str]) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.connection.cursor().execute(USUAL.get(statement, statement))
    engine.dispose()


def shown(url: str, case: dict[str, Any]) -> list[Any]:
    engine = create_engine(url)
    with engine.connect() as connection:
        row = connection.execute(text(case["shows"])).one()
    engine.dispose()
    return list(row)
