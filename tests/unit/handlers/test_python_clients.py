"""Clients and helpers in Python: what throws, what only looks or computes, and what an answer says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding

VERCEL = '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}]}'
HEAD = """import os
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from flask import Flask, jsonify
import requests
from supabase import create_client

app = Flask(__name__)
db = create_client(os.environ["URL"], os.environ["KEY"])
"""
DUE = "def due():\n    try:\n        return db.table('rows').select('*').eq('sent', False).execute().data\n    except Exception as error:\n        print(error)\n        return []\n"
CAUGHT = "def take(row):\n    try:\n        requests.post('https://e.example', json=row).raise_for_status()\n        return {'status': 'ok'}\n    except Exception as error:\n        return {'status': 'error', 'why': str(error)}\n"
ROW = "rows = requests.get('https://rows.example').json()\n    for row in rows:\n        {}\n    requests.post('https://e.example', json=rows).raise_for_status()\n    return jsonify(ok=True)"
URLLIB = "from urllib.request import Request, urlopen\n    {}\n    at = 'https://b.example'\n    try:\n        at = urlopen({}).url\n    except Exception as error:\n        print(error)\n    requests.post(at).raise_for_status()\n    return jsonify(ok=True)"
SERVER = """import json, os, requests
from http.server import BaseHTTPRequestHandler

class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        answer = self.run()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def run(self):
        if not os.getenv("TOKEN"):
            return {"status": "error", "error": "TOKEN is not set"}
        requests.post("https://e.example", headers={"key": os.getenv("TOKEN")}).raise_for_status()
        return {"status": "success"}
"""

SOURCES = "class First:\n    def rows(self):\n        {}\n\nclass Second:\n    def rows(self):\n        try:\n            return requests.get('https://b.example').json()\n        except Exception as error:\n            print(error)\n            return {}\n\nsources = [First(), Second()]\n"
EACH = "for source in sources:\n        for row in source.rows():\n            requests.post('https://e.example', json=row).raise_for_status()\n    return jsonify(ok=True)"


def view(body: str, before: str = "") -> str:
    return f"{before}\n@app.get('/api/cron/x')\ndef x():\n    {body}\n"


CASES: dict[str, tuple[str, set[str]]] = {
    # Supabase's client in Python throws, and what is left undone behind it nobody hears of
    "rows that are not found": (view("for row in due():\n        db.table('rows').update({'sent': True}).eq('id', row['id']).execute()\n    return jsonify(ok=True)", DUE), {"CS204"}),
    "a row that is not written": (view("try:\n        db.table('rows').update({'a': 1}).eq('id', 1).execute()\n    except Exception as error:\n        print(error)\n    return jsonify(ok=True)"), {"CS204"}),
    "a look with another value": (view("title = 'none'\n    try:\n        title = db.table('rows').select('title').execute().data\n    except Exception:\n        pass\n    requests.post('https://e.example', json=title).raise_for_status()\n    return jsonify(ok=True)"), set()),
    # what only reads a value at hand fails for nobody
    "a date that does not parse": (view(ROW.format("try:\n            row['at'] = parsedate_to_datetime(row['date'])\n        except Exception:\n            row['at'] = None")), set()),
    "a field of a row": (view(ROW.format("try:\n            row['n'] = row.get('n')\n        except Exception:\n            pass")), set()),
    "a client that is made": (view(ROW.format("try:\n            row['c'] = Client(row['id'])\n        except Exception:\n            row['c'] = None"), "from rows import Client"), set()),
    # of several sources, one that gives nothing leaves its part undone
    "one of two sources that gives nothing": (view(EACH, SOURCES.format("return requests.get('https://a.example').json()", "[]")), {"CS204"}),
    "one of two sources that gives something else": (view(EACH, SOURCES.format("return requests.get('https://a.example').json()", "[{'kept': True}]")), set()),
    # a column's condition describes, and a part of a page is at hand
    "a query by its columns": (view("names = ['none']\n    try:\n        names = db.query(Row).filter(Row.name.ilike('a%'), Row.kind.in_(['a'])).order_by(Row.at.desc()).all()\n    except Exception as error:\n        print(error)\n    requests.post('https://e.example', json=names).raise_for_status()\n    return jsonify(ok=True)", "from rows import Row"), set()),
    "a card of a page": (view("for page in requests.get('https://rows.example').json():\n        try:\n            title = BeautifulSoup(page, 'html.parser').find_all('a')[0].get_text()\n        except Exception:\n            continue\n        requests.post('https://e.example', data=title).raise_for_status()\n    return jsonify(ok=True)", "from bs4 import BeautifulSoup"), set()),
    # what is kept for a while leads another way than what failed
    "rows that are not found, nor kept": (view("for row in due():\n        db.table('rows').update({'sent': True}).eq('id', row['id']).execute()\n    return jsonify(ok=True)", "kept = {}\n" + DUE.replace("    try:", "    if kept.get('rows') is not None:\n        return kept['rows']\n    try:", 1)), {"CS204"}),
    # what only computes, beside what is caught already
    "a text beside a mail that is caught": (view("try:\n        send(letter('x'))\n    except Exception as error:\n        print(error)\n    return jsonify(ok=True)", "def letter(name):\n    return f'Dear {name}'\n\ndef send(text):\n    try:\n        requests.post('https://e.example', data=text).raise_for_status()\n    except Exception as error:\n        print(error)\n"), {"CS204"}),
    "the values of a dict": (view("every = {row: row for row in requests.get('https://rows.example').json()}\n    try:\n        first = [one for one in every.values()]\n    except Exception:\n        first = []\n    requests.post('https://e.example', json=first).raise_for_status()\n    return jsonify(ok=True)"), set()),
    # what the code says of it in other languages
    "a remark in Korean": (view("# 실패해도 무해\n    try:\n        db.table('rows').update({'a': 1}).eq('id', 1).execute()\n    except Exception as error:\n        print(error)\n    requests.post('https://e.example').raise_for_status()\n    return jsonify(ok=True)"), set()),
    "a line of a log in Korean": (view("try:\n        db.table('rows').update({'a': 1}).eq('id', 1).execute()\n    except Exception as error:\n        print('저장 실패', error)\n    return jsonify(ok=True)"), {"CS204"}),
    "a remark in Russian": (view("# не должно ронять задачу\n    try:\n        db.table('rows').update({'a': 1}).eq('id', 1).execute()\n    except Exception as error:\n        print(error)\n    requests.post('https://e.example').raise_for_status()\n    return jsonify(ok=True)"), set()),
    # urllib looks where it sends nothing
    "a page with another value": (view(URLLIB.format("request = Request('https://a.example', method='HEAD')\n    request.add_header('a', 'b')", "request")), set()),
    "a letter by urllib": (view(URLLIB.format("request = Request('https://a.example', data=b'x')", "request")), {"CS204"}),
    # a catch behind another, which leaves nothing to it
    "one catch behind another": (view("try:\n        return jsonify(took=take(1))\n    except Exception as error:\n        return jsonify(failed=str(error))", CAUGHT), {"CS205"}),
    # what `http.server` writes
    "an error that is written": (SERVER, {"CS205"}),
    "an error with its status": (SERVER.replace("send_response(200)", "send_response(500 if answer['status'] == 'error' else 200)"), set()),
    # a context of asyncio starts nothing by being called
    "a context": (view("return jsonify(ok=True)").replace("def x():", "async def x():\n    async with opened() as rows:\n        await rows.insert(1)").replace("\n@app", "@asynccontextmanager\nasync def opened():\n    rows = None\n    for turn in range(3):\n        try:\n            rows = await db.connect()\n            break\n        except Exception:\n            await db.reset()\n    if rows is None:\n        raise RuntimeError('closed')\n    try:\n        yield rows\n    finally:\n        await db.release(rows)\n\n@app"), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_exactly_these_are_told(told: Callable[..., list[Finding]], name: str) -> None:
    source, codes = CASES[name]
    own = {"api/cron/x.py": source} if source.startswith("import") else {"main.py": HEAD + source}
    files = {"vercel.json": VERCEL, "requirements.txt": "flask\nsupabase\n", **own}
    watched = {"CS201", "CS202", "CS204", "CS205"}
    assert {finding.code for finding in told(files)} & watched == codes


def test_the_call_that_leads_out_is_named(told: Callable[..., list[Finding]]) -> None:
    body = "try:\n        letter = EmailMessage()\n        letter.set_content('x')\n        with smtplib.SMTP('h') as server:\n            server.send_message(letter)\n    except Exception as error:\n        print(error)\n    return jsonify(ok=True)"
    head = HEAD + "import smtplib\nfrom email.message import EmailMessage\n"
    files = {"vercel.json": VERCEL, "requirements.txt": "flask\n", "main.py": head + view(body)}
    assert [f.message for f in told(files) if f.code == "CS204"] == [
        "An error of `server.send_message` ends in success, and nothing in the answer tells of it."
    ]


def test_what_only_computes_is_not_named(told: Callable[..., list[Finding]]) -> None:
    source = HEAD + CASES["a text beside a mail that is caught"][0]
    files = {"vercel.json": VERCEL, "requirements.txt": "flask\n", "main.py": source}
    swallowed = [finding.message for finding in told(files) if finding.code == "CS204"]
    assert len(swallowed) == 1
    assert "requests.post" in swallowed[0]


def test_a_catch_that_another_leaves_nothing_to_is_not_told(
    told: Callable[..., list[Finding]],
) -> None:
    source, _ = CASES["one catch behind another"]
    files = {"vercel.json": VERCEL, "requirements.txt": "flask\n", "main.py": HEAD + source}
    assert [finding.code for finding in told(files)].count("CS205") == 1


def test_what_a_function_computes_is_not_the_work(told: Callable[..., list[Finding]]) -> None:
    """A message that nobody awaits is what the job is for, where all else only looks and computes."""
    source = """from datetime import date
from telegram import Bot
bot = Bot("token")

def shown(day):
    return day.replace("-", "/")

@app.get("/api/cron/x")
def x():
    for row in requests.get("https://rows.example").json():
        if row["day"] == shown(date.today().isoformat()):
            bot.send_message(1, row["text"])
    return jsonify(ok=True)
"""
    files = {
        "vercel.json": VERCEL,
        "requirements.txt": "flask\npython-telegram-bot\n",
        "main.py": HEAD + source,
    }
    loose = {"CS201", "CS202"}
    assert {finding.code for finding in told(files)} & loose == {"CS201"}
