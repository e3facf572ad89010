import json
import os
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlparse

from upstream import ask


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        """Refresh what is going on."""
        secret = os.environ.get("CRON_SECRET")
        if not secret or self.headers.get("Authorization") != f"Bearer {secret}":
            self.send_response(401)
            self.end_headers()
            self.wfile.write(b"no")
            return

        query = parse_qs(urlparse(self.path).query)
        day = query.get("day", ["today"])[0]
        made = ask(f"days/{day}")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"day": day, "made": made}).encode())

    def log_message(self, *args):
        pass
