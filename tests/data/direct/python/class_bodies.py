import json
from http.server import BaseHTTPRequestHandler

from upstream import ask


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self._run()

    def do_POST(self):
        self._run()

    def _run(self):
        try:
            rows = ask("rows")["rows"]
            if len(rows) == 1:
                body = b"one alone"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            if len(rows) == 2:
                stored = json.dumps(ask("store")).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(stored)
                return
            text = f"{len(rows)} rows"
        except Exception as error:
            body = str(error).encode()
            self.send_response(500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())
