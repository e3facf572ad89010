import json
import traceback
from http.server import BaseHTTPRequestHandler

from upstream import ask


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            rows = ask("rows")["rows"]
            if not rows:
                self._respond(500, {"error": "no rows"})
                return
            ok = len(rows) > 1
            stored = ask("store", rows)
            self.send_response(500 if not ok else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps({"stored": stored, "rows": len(rows)}).encode())
        except Exception as error:
            traceback.print_exc()
            self._respond(500, {"error": f"{type(error).__name__}: {error}"})

    def _respond(self, status, payload):
        body = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)
