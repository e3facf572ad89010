from flask import Flask, jsonify

from upstream import ask

app = Flask(__name__)


@app.get("/api/cron/x")
def archive():
    page, archived = 1, []
    while page < 3:
        rows = ask(f"rows?page={page}")
        if "of" not in rows:
            break
        archived.append(ask("store", {"page": page})["of"])
        page += 1
    return jsonify(archived=archived, pages=page)
