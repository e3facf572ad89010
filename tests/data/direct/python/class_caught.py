import json
from http.server import BaseHTTPRequestHandler

from upstream import ask


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            rows = ask("rows")["rows"]
            for row in rows:
                ask("send", row)  # each by itself
            result = {"sent": len(rows)}
            self.send_response(200)
            self.send_header("Content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(result).encode("utf-8"))
        except Exception as error:
            self.send_response(500)
            self.end_headers()
            self.wfile.write(f"failed: {error}".encode())

    def do_POST(self):
        return self.do_GET()
