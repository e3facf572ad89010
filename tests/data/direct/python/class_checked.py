import hmac
import json
import os
from datetime import date
from http.server import BaseHTTPRequestHandler

from replies import sent_wrong
from upstream import ask

QUERY = """
select every row
  of them
"""


class handler(BaseHTTPRequestHandler):  # noqa: N801
    def do_GET(self):  # noqa: N802
        # The caller is checked first
        if not self._is_allowed():
            return

        words = """
        as it is
    """
        rows = self._rows(QUERY)
        if not rows:
            sent_wrong(self, "no rows")
            return
        try:
            stored = self._store(rows)
        except Exception as error:
            self._json(500, {"error": str(error)})
            return
        if stored == 1:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"stored": 1, "last": null, "ok": true}')
            return
        self._json(200, {"stored": stored, "on": date(2026, 1, 2), "words": words})

    def do_POST(self):  # noqa: N802
        self.do_GET()

    def _is_allowed(self) -> bool:
        """Answer whoever may not call."""
        secret = os.environ.get("CRON_SECRET", "")
        if not secret:
            if os.environ.get("VERCEL_ENV") == "production":
                self.send_response(500)
                self.end_headers()
                self.wfile.write(b"no secret")
                return False
            return True
        given = self.headers.get("Authorization", "")
        if given.startswith("Bearer ") and hmac.compare_digest(given[7:], secret):
            return True
        self._json(401, {"error": "no"})
        return False

    # Those that are asked for
    def _rows(self, query: str) -> list:
        return [row for row in ask("rows")["rows"] if query]

    def _store(self, rows) -> int:
        ask("store", self._sorted(rows))
        return len(rows)

    @staticmethod
    def _sorted(rows):
        return sorted(rows, key=lambda row: -row["id"])

    def _json(self, status, payload):
        body = json.dumps(payload, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
