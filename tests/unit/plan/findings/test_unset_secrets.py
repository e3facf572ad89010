"""The text that an unset secret makes of a bearer, in the language of the handler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

HANDLERS = {
    "api/x.py": (
        """import os
from http.server import BaseHTTPRequestHandler


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {os.environ.get('CRON_SECRET')}":
            self.send_response(401)
            self.end_headers()
            return
        sweep()
        self.send_response(200)
        self.end_headers()
""",
        "api/x.py takes `Bearer None` where the secret is not set.",
    ),
    "api/x.js": (
        """export default async function handler(request, response) {
  if (request.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) {
    return response.status(401).end();
  }
  await sweep();
  response.status(200).json({});
}
""",
        "api/x.js takes `Bearer undefined` where the secret is not set.",
    ),
}


@pytest.mark.parametrize("file", HANDLERS)
def test_a_bearer_of_an_unset_secret_is_told_in_the_handlers_language(
    tmp_path: Path, file: str
) -> None:
    source, message = HANDLERS[file]
    (tmp_path / "api").mkdir()
    (tmp_path / file).write_text(source)
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/x", "schedule": "0 3 * * *"}]}\n'
    )
    findings = make_plan(load_project(tmp_path)).findings
    assert [each.message for each in findings if each.code == "CS208"] == [message]
