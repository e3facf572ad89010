"""Checks of the caller that compare a header with a secret character by character."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Plan

ROUTE = """function dropped(run) {
  return (req, res) => { run(req, res).catch((error) => { res.status(500).json({ error: error.message }); }); };
}
function isVercel(req) {
  const secret = process.env.CRON_SECRET;
  const header = req.headers.HEADER;
  if (!secret || !header) return false;
  const expected = `Bearer ${secret}`;
  if (header.length !== expected.length) return false;
  let differing = 0;
  for (let i = 0; i < expected.length; i += 1) TURN
  return differing === 0;
}
export default dropped(async (req, res) => {
  if (!isVercel(req)) return res.status(401).json({});
  await store.rows.insertMany([1]);
  return res.json({});
});
"""
TURNS = {
    "exclusive or": "{ differing |= header.charCodeAt(i) ^ expected.charCodeAt(i); }",
    "counted": "{ if (header[i] !== expected[i]) differing += 1; }",
    "left": "{ if (header[i] !== expected[i]) return false; }",
    "chosen": "{ differing |= header.charAt(i) === expected.charAt(i) ? 0 : 1; }",
}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(
    ("header", "codes"), [("authorization", set()), ("['x-cron-key']", {"CS217"})]
)
def test_the_secret_is_asked_for(
    audited: Callable[..., Plan], turn: str, header: str, codes: set[str]
) -> None:
    whole = ROUTE.replace("TURN", TURNS[turn]).replace("headers.HEADER", f"headers.{header}")
    plan = audited({"package.json": "{}", "api/cron/x.js": whole.replace(".[", "[")})
    assert {one.code for one in plan.findings if one.code.startswith("CS2")} == codes
