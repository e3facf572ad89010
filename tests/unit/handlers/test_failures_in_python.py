"""Failures in Python that end well: which call they are said to be of, and what cannot fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding

HANDLER = """import json, logging, os, urllib.error, urllib.request
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler
import requests

logger = logging.getLogger(__name__)


{work}


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        secret = os.environ.get("CRON_SECRET")
        if not secret or self.headers.get("Authorization") != f"Bearer {{secret}}":
            self.send_response(401)
            self.end_headers()
            return
        answer = work()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())
"""
PAGE = """
def page(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.geturl(), answer.read()
    except urllib.error.URLError:
        return None

def work():
    for row in requests.get("https://rows.example").json():
        if page(row["url"]):
            requests.post("https://e.example", json=row).raise_for_status()
    return {"ok": True}
"""
CARDS = """
def work():
    for card in requests.get("https://cards.example").json():
        try:
            row = json.loads(card["text"])
            row.update(id=card["id"])
        except Exception:
            continue
        requests.post("https://e.example", json=row).raise_for_status()
    return {"ok": True}
"""
WRITTEN = """
def heading(row):
    return f"# {row.get('title', '')}" + chr(10).join(row.get("lines", []))

def work():
    try:
        for row in requests.get("https://rows.example").json():
            text = heading(row)
            with open("/tmp/rows", "w") as file:
                file.write(text)
    except Exception as error:
        logger.error(error)
    return {"ok": True}
"""
SAID = """
def pass_on(row):
    logger.info("sent %s", row.id)
    return True

def work():
    for row in rows.all():
        done = False
        try:
            done = pass_on(row)
        except Exception:
            logger.exception("not sent")
        row.done = done
        row.save()
    return {"ok": True}
"""
CAUGHT_INSIDE = """
def job():
    yesterday = date.today() - timedelta(days=1)
    if yesterday.weekday() == 6:
        return
    try:
        requests.post("https://e.example", json=str(yesterday)).raise_for_status()
    except Exception as error:
        logger.error(error)

def work():
    try:
        job()
    except Exception as error:
        logger.error(error)
    return {"ok": True}
"""
STATUS = """
def work():
    results = []
    for row in requests.get("https://rows.example").json():
        answer = requests.{verb}("https://e.example")
        results.append({{"id": row["id"], "http": answer.status_code}})
    return {{"done": len(results), "results": results}}
"""
NAMED: dict[str, tuple[str, set[str]]] = {
    "what is opened, and not what is read of it": (PAGE, {"urllib.request.urlopen"}),
    "a text that is no JSON is nobody's failure": (CARDS, set()),
    "a file that is written, and not the text for it": (WRITTEN, {"file.write"}),
    "a function that only writes to the log": (
        SAID.replace("def pass_on", "from acme import rows\n\ndef pass_on"),
        set(),
    ),
    "a status that is only handed on, of what is sent": (
        STATUS.format(verb="post"),
        {"requests.post"},
    ),
    "a status that is what was looked for": (STATUS.format(verb="get"), set()),
    "a function that catches all its errors": (CAUGHT_INSIDE, {"requests.post.raise_for_status"}),
}


@pytest.mark.parametrize("name", NAMED)
def test_the_call_that_fails_is_named(told: Callable[..., list[Finding]], name: str) -> None:
    work, calls = NAMED[name]
    found = told({"api/cron/x.py": HANDLER.format(work=work)})
    named = {one.message.split("`")[1] for one in found if one.code in {"CS204", "CS205"}}
    assert named == calls
