"""The app's side of the session flow, as `cronshift sessions scaffold` writes it, with its processor."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import inngest
from sqlalchemy import text

from cronshift.inngest_fns.sessions import FlowOptions, Item, enqueue_session, session_functions
from cronshift.sessions.flow import SessionFlow
from cronshift.sessions.scripts import open_database
from cronshift.sessions.settings import read_sessions

__all__ = ["enqueue_session", "flow", "functions", "process"]

_SETTINGS = tomllib.loads(Path(__file__).with_name("cronshift.toml").read_text())
_DATABASE = open_database(read_sessions(_SETTINGS["sessions"]))

flow = SessionFlow("prediction-session", _DATABASE.engine, _DATABASE.mapped)


async def process(item: Item) -> None:
    """Ask one model, and keep its answer once, however often this is called for it."""
    if item.name == "broken-model":
        raise inngest.NonRetriableError("the model is gone")
    keep = "INSERT INTO predictions (session_id, model) VALUES (:session, :model) ON CONFLICT DO NOTHING"
    with flow.engine.begin() as connection:
        connection.execute(text(keep), {"session": item.session_id, "model": item.name})


def functions(client: inngest.Inngest) -> list[inngest.Function[Any]]:
    """Return the flow's functions, to be served with the app's others."""
    return session_functions(client, flow, process, FlowOptions(items="selected_models"))
