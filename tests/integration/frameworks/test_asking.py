"""An app of Node's shape is asked in process as a server asks it, and answers as it would from outside."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.targets.typescript.library import source
from cronshift.targets.typescript.untyped import untyped

if TYPE_CHECKING:
    from pathlib import Path

ASKED = """
import { asking } from "./app.mjs";

const ways = {
  "/told": (asked, reply) => reply.end(JSON.stringify([asked.method, asked.url, asked.headers.host])),
  "/parts": (_, reply) => reply.write("o", () => reply.end("k")),
  "/empty": (_, reply) => reply.writeHead(204).end(),
  "/away": (_, reply) => reply.writeHead(303, { location: "/login" }).end(),
  "/closed": (asked) => asked.destroy(),
};
const [, , path] = process.argv;
const request = new Request(`https://shop.example${path}`, { headers: { host: "shop.example" } });
const { pathname } = new URL(request.url);
asking((asked, reply) => void ways[pathname](asked, reply), request)
  .then(async ({ status, headers, body, text }) => ({
    status,
    text: body && (await new Response(body).text()),
    location: headers.get("location"),
    framed: headers.get("transfer-encoding"),
  }))
  .catch(({ message }) => message)
  .then((told) => console.log(JSON.stringify(told)));
"""


def asked(tmp_path: Path, path: str) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not here")
    (tmp_path / "app.mjs").write_text(untyped(source("asking", "web")))
    (tmp_path / "asked.mjs").write_text(ASKED)
    command = [node, "asked.mjs", path]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("path", "status", "text", "location"),
    [
        ("/told?x=%2F&x=a+b", 200, '["GET","/told?x=%2F&x=a+b","shop.example"]', None),
        ("/parts", 200, "ok", None),
        ("/empty", 204, None, None),
        ("/away", 303, None, "/login"),
    ],
)
def test_the_answer_is_whole(
    tmp_path: Path, path: str, status: int, text: str | None, location: str | None
) -> None:
    """How it was sent is no part of it: a second answer that is made of it has a length of its own."""
    told = {"status": status, "text": text, "location": location, "framed": None}
    assert asked(tmp_path, path) == told


def test_one_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    assert asked(tmp_path, "/closed") == "socket hang up"
