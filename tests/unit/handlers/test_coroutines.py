"""Coroutines of Python's packages, which do nothing until they are awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding

VERCEL = '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/main.py"}]}'
APP = """import asyncio, os
import aiosmtplib, httpx
import polars as pl
from flask import Flask
from telegram import Bot
from telegram.ext import Application
app = Flask(__name__)
bot = Bot(os.environ["TOKEN"])
application = Application.builder().token(os.environ["TOKEN"]).build()

@app.get("/api/cron/x")
def x():
    {body}
    return "sent"
"""
NEW, OLD = "python-telegram-bot>=20.7\n", "python-telegram-bot==13.15\n"


@pytest.mark.parametrize(
    ("requirements", "body", "codes"),
    [
        (NEW, "bot.send_message(1, 'x')", {"CS201"}),
        (NEW, "application.bot.send_message(1, 'x')", {"CS201"}),
        ("python-telegram-bot\n", "bot.send_message(1, 'x')", {"CS201"}),
        (OLD, "bot.send_message(1, 'x')", set()),
        (NEW, "asyncio.run(bot.send_message(1, 'x'))", set()),
        (NEW, "asyncio.get_event_loop().run_until_complete(bot.send_message(1, 'x'))", set()),
        (NEW, "aiosmtplib.send('x')", {"CS201"}),
        (NEW, "httpx.AsyncClient().post('https://e.example')", {"CS201"}),
        (
            NEW,
            "httpx.post('https://e.example', json=pl.when(pl.col('a')).then(0).otherwise(1)).raise_for_status()",
            set(),
        ),
        (NEW, "httpx.post('https://e.example').raise_for_status()", set()),
    ],
)
def test_a_coroutine_of_a_package_is_waited_for(
    told: Callable[..., list[Finding]], requirements: str, body: str, codes: set[str]
) -> None:
    files = {
        "vercel.json": VERCEL,
        "requirements.txt": f"flask\n{requirements}",
        "main.py": APP.format(body=body),
    }
    loose = {"CS201", "CS202", "CS203"}
    assert {finding.code for finding in told(files)} & loose == codes
