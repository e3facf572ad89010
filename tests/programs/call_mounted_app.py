"""Call the app of ``api/index.py`` here, its own route and the functions that it serves: ROUTE."""

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
CALLS: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/api/inngest", {}),
    ("OPTIONS", "/api/inngest", TELL),
    ("GET", sys.argv[1], {}),
    ("GET", "/api/inngest", {"x-inngest-signature": "t=1&s=abc"}),
]


async def call(transport: httpx.ASGITransport) -> list[httpx.Response]:
    """Make the calls of an ASGI app."""
    async with httpx.AsyncClient(transport=transport, base_url="http://app.example") as http:
        return [await http.request(method, path, headers=sent) for method, path, sent in CALLS]


if inspect.iscoroutinefunction(app.__call__):
    answers = asyncio.run(call(httpx.ASGITransport(app)))
else:
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://app.example") as http:
        answers = [http.request(method, path, headers=sent) for method, path, sent in CALLS]
print(
    json.dumps([[each.status_code, "x-inngest-sdk" in each.headers, each.text] for each in answers])
)
