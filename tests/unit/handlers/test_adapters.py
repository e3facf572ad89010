"""Routes that hand a request on to a handler of another shape, with its headers copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding, Plan

ADAPTER = """export function adapted(handler) {
  return async (request) => {
    const headers = {};
    COPY
    const url = new URL(request.url);
    const query = { ...Object.fromEntries(url.searchParams.entries()), by: "us" };
    return await new Promise((resolve) => {
      let code = 200;
      const res = {
        status(set) { code = set; return res; },
        json(body) { resolve(Response.json(body, { status: code })); return res; },
      };
      Promise.resolve(handler({ headers, query }, res)).catch((error) => resolve(Response.json({ error: error.message }, { status: 500 })));
    });
  };
}
"""
ROUTE = """import { adapted } from "../_adapted.js";
async function handler(req, res) {
  if (!process.env.CRON_SECRET) return res.status(503).json({});
  if (req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) return res.status(401).json({});
  WORK
}
export const GET = adapted(handler);
"""
SENT = "const sent = await fetch('https://a.example/x', { method: 'POST' }); if (!sent.ok) throw new Error('no');"
LOUD = f"try {{ {SENT} return res.status(200).json({{ ok: true }}); }} catch (error) {{ return res.status(500).json({{ error: error.message }}); }}"
SOFT = f"try {{ {SENT} return res.status(200).json({{ ok: true }}); }} catch (error) {{ return res.status(200).json({{ error: error.message }}); }}"
COPIES = {
    "entries": "for (const [key, text] of request.headers.entries()) headers[key.toLowerCase()] = text;",
    "headers": "for (const [key, text] of request.headers) headers[key] = text;",
    "assign": "Object.assign(headers, Object.fromEntries(request.headers.entries()));",
    "spread": "Object.assign(headers, { ...request.headers });",
    "each": "request.headers.forEach((text, key) => { headers[key] = text; });",
    "list": "[...request.headers].forEach(([key, text]) => { headers[key] = text; });",
    "in": "for (const key in request.headers) headers[key] = request.headers[key];",
    "object": "for (const [key, text] of Object.entries(request.headers)) headers[key] = Array.isArray(text) ? text.join(',') : text;",
}


def files(copy: str, work: str) -> dict[str, str]:
    return {
        "package.json": "{}",
        "api/_adapted.js": ADAPTER.replace("COPY", copy),
        "api/cron/x.js": ROUTE.replace("WORK", work),
    }


@pytest.mark.parametrize("copy", COPIES)
def test_a_check_of_copied_headers_is_one_of_the_request(
    audited: Callable[..., Plan], copy: str
) -> None:
    plan = audited(files(COPIES[copy], LOUD))
    assert not [one.code for one in plan.findings if one.code.startswith("CS2")]
    handler = plan.jobs[0].handler
    assert handler
    assert handler.auth == "cron-secret"


def test_what_the_promise_is_given_is_what_the_caller_hears(
    told: Callable[..., list[Finding]],
) -> None:
    assert {one.code for one in told(files(COPIES["entries"], SOFT))} == {"CS205"}


def test_what_is_assigned_to_an_object_is_there_and_nothing_else_is(
    told: Callable[..., list[Finding]],
) -> None:
    copy = "Object.assign(headers, { 'x-from': 'us' });"
    assert {one.code for one in told(files(copy, LOUD))} == {"CS217"}
