from flask import Flask, abort, jsonify

from upstream import ask

app = Flask(__name__)


@app.route("/api/cron/x")
def judge():
    rows = ask("rows")["rows"]
    if not rows:
        abort(404, description="no rows")
    if len(rows) == 1:
        return jsonify({"error": "one is too few"}), 409
    if len(rows) == 2:
        return "later", 503
    return "fine"
