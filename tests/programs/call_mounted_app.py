"""Call the app of ``api/index.py`` here, its own route and the functions that it serves: ROUTE [TOLD].

TOLD is a JSON list of what is brought for the ledger: the kind, the bearer, and the document.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from importlib import import_module

import httpx

sys.path.insert(0, ".")
app = import_module("api.index").app
TELL = {"authorization": "Bearer s3cret", "x-cronshift-tell": "ownership"}
CALLS: list[tuple[str, str, dict[str, str], str]] = [
    ("GET", "/api/inngest", {}, ""),
    ("OPTIONS", "/api/inngest", TELL, ""),
    ("GET", sys.argv[1], {}, ""),
    ("GET", "/api/inngest", {"x-inngest-signature": "t=1&s=abc"}, ""),
]
for kind, bearer, document in json.loads(sys.argv[2]) if len(sys.argv) > 2 else ():
    headers = {"authorization": f"Bearer {bearer}", "x-cronshift-tell": kind}
    CALLS.append(("POST", "/api/inngest", headers, json.dumps(document)))


async def call(transport: httpx.ASGITransport) -> list[httpx.Response]:
    """Make the calls of an ASGI app."""
    async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as http:
        return [
            await http.request(method, path, headers=sent, content=content)
            for method, path, sent, content in CALLS
        ]


if inspect.iscoroutinefunction(app.__call__):
    answers = asyncio.run(call(httpx.ASGITransport(app)))
else:
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://app.example") as http:
        answers = [
            http.request(method, path, headers=sent, content=content)
            for method, path, sent, content in CALLS
        ]
print(
    json.dumps([[each.status_code, "x-inngest-sdk" in each.headers, each.text] for each in answers])
)
