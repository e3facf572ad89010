"""A class of Flask's whose method answers, with one that it calls."""

import os

import upstream
from flask import Flask, jsonify, request
from flask.views import MethodView

app = Flask(__name__)


class SweepView(MethodView):
    """Sweep what the upstream has."""

    init_every_request = False

    def get(self):
        if request.headers.get("Authorization") != f"Bearer {os.environ['CRON_SECRET']}":
            return jsonify(error="no"), 401
        if request.args.get("kind") != "old":
            return jsonify(error="of what kind?"), 400
        return jsonify(swept=self._sweep())

    def post(self):
        return self.get()

    def _sweep(self):
        rows = upstream.ask("rows")["rows"]
        for row in rows:
            upstream.ask(f"items/{row['id']}")
        return len(rows)


app.add_url_rule("/api/cron/x", view_func=SweepView.as_view("sweep"))
