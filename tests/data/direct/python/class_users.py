import json
import time
from datetime import date
from http.server import BaseHTTPRequestHandler


class handler(BaseHTTPRequestHandler):
    def do_GET(self):
        from upstream import ask

        users = ask("rows")["rows"]
        mailed, skipped = 0, []
        for number, user in enumerate(users):
            if user["muted"]:
                skipped.append(user["id"])
                continue
            ask(f"items/{user['id']}", {"number": number})
            mailed += 1
            time.sleep(0.001)
        year = date.today().isoformat()[:2]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"mailed": mailed, "skipped": skipped, "year": year}).encode())
