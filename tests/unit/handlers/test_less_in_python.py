"""Looks in Python whose failure leaves the work with less: an element, all of a list, a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding

HANDLER = """import json, os
from http.server import BaseHTTPRequestHandler
import requests
from acme import rows

def look(name):
    try:
        return requests.get("https://x.example/" + name).json()
    except Exception as error:
        print(error)
        return {missing}

def work():
    {body}
    return {{"ok": True}}


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
EACH = "found = []\n    for name in ['a', 'b']:\n        row = look(name)\n        if row is None:\n            continue\n        found.append(row)\n    {}"
CASES: dict[str, tuple[str, str, bool]] = {
    "an element less": ("None", EACH.format("rows.insert_many(found)"), True),
    "an element less, inside of what is sent": ("None", EACH.format("requests.post('https://y.example', json={'rows': found}).raise_for_status()"), True),
    "an element less, in a text of JSON": ("None", EACH.format("rows.set('all', json.dumps(found))"), True),
    "a source of several": ("[]", "found = []\n    found.extend(look('a'))\n    found += look('b')\n    rows.insert_many(found)", True),
    "an empty list for a whole": ("[]", "rows.insert_many(look('a'))", True),
    "a zero for a price": ("0", "rows.insert({'price': look('a')})", True),
    "a zero that is meant": ("0", "look('a')\n    rows.insert({'price': 0})", False),
    "nothing in a field": ("None", "rows.update({'image': look('a')})", False),
    "another source": ("requests.get('https://z.example').json()", "rows.insert_many(look('a'))", False),
    "what is known already": ("set()", "known = look('seen')\n    rows.insert_many([row for row in rows.all() if row not in known])", False),
    "the error for what is sent": ("f'Error: {error}'", "requests.post('https://y.example', json={'text': look('a')}).raise_for_status()", True),
    "the error in a field of its own": ("f'Error: {error}'", "rows.update({'seen': True, 'error': look('a')})", False),
    "a text with a line about the error": ("f'none: {error}'", "text = f\"a: {look('a')}\"\n    rows.send(text)", False),
    "a list that only the log hears of": ("None", EACH.format("print(found)"), False),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_the_work_is_given_less_is_told(told: Callable[..., list[Finding]], name: str) -> None:
    missing, body, is_told = CASES[name]
    found = told({"api/cron/x.py": HANDLER.format(missing=missing, body=body)})
    assert ({one.code for one in found if one.code != "CS540"} == {"CS204"}) is is_told


def test_a_folder_that_is_added_to_the_path_is_followed(told: Callable[..., list[Finding]]) -> None:
    added = 'import sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "bot"))\nfrom texts import text_of\n'  # fmt: skip
    handler = HANDLER.format(missing="None", body="rows.send(text_of(1))")
    files = {
        "api/cron/x.py": handler.replace(
            "from acme import rows\n", f"from acme import rows\n{added}"
        ),
        "bot/texts.py": "import requests\n\ndef text_of(row):\n    try:\n        return requests.get('https://x.example').json()['text']\n    except Exception as error:\n        return f'Error: {error}'\n",
    }
    [one] = [one for one in told(files) if one.code == "CS204"]
    assert one.location is not None
    assert one.location.file == "bot/texts.py"
