"""Everything that these routes read and write lives behind one address."""

import os

import httpx


def ask(name, body=None):
    method = "GET" if body is None else "POST"
    response = httpx.request(method, f"{os.environ['UPSTREAM_URL']}/{name}", json=body)
    return response.raise_for_status().json()
