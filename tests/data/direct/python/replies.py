"""Answers that several modules make alike."""

import json

from flask import jsonify


def ok(data, status=200):
    return jsonify({"ok": True, "data": data}), status


def failed(words, status=500):
    return jsonify(error=words), status


def send(handler, status, payload):
    body = json.dumps(payload).encode("utf-8")
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def send_with(handler, status, payload, *, extra=None):
    body = json.dumps(payload).encode()
    handler.send_response(status)
    _say_headers(handler, len(body))
    if extra:
        for name, value in extra.items():
            handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _say_headers(handler, length):
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(length))


def sent_wrong(handler, words):
    send_with(handler, 422, {"error": words})
