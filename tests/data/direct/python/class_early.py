from http.server import BaseHTTPRequestHandler

from upstream import ask


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        rows = ask("rows")["rows"]
        if not rows:
            self.send_response(422)
            self.end_headers()
            return
        if len(rows) > 2:
            self.send_response(200)
            self.send_header("Content-type", "text/plain")
            self.end_headers()
            self.wfile.write(b"plenty")
        else:
            ask("few", rows)
            self.send_response(204)
            self.end_headers()
