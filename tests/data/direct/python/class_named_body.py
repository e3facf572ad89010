import json
from http.server import BaseHTTPRequestHandler

from upstream import ask


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        rows = ask("rows")["rows"]
        status = "well" if rows else "empty"
        body = json.dumps({"status": status, "rows": rows}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
