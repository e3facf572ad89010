from flask import Flask, jsonify

from upstream import ask

app = Flask(__name__)


@app.get("/api/cron/x")
def refresh():
    return jsonify(ok=True, made=ask("models"))
