"""What an app of Express or Koa reads of a request to its endpoint, before anyone knows who sent it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from cronshift.targets.typescript.library import source
from cronshift.targets.typescript.untyped import untyped

if TYPE_CHECKING:
    from pathlib import Path

ASKED = """
import { Readable } from "node:stream";
import { mounting } from "./app.mjs";

const [, , framework, parts, parsed] = process.argv;
const req = Readable.from(Array.from({ length: Number(parts) }, () => Buffer.alloc(2 ** 20, "1")));
Object.assign(req, { method: "POST", path: "/api/inngest", url: "/api/inngest", headers: {} });
if (parsed) req.body = JSON.parse(parsed);
const endpoint = (asked) => console.log(JSON.stringify(framework === "koa" ? asked.request.body : asked.body));
const context = { method: "POST", path: "/api/inngest", url: "/api/inngest", req, request: {} };
const failed = (error) => console.log(error.message);
const use = (middleware) =>
  framework === "koa" ? middleware(context).catch(failed) : middleware(req, {}, failed);
mounting(endpoint, null, {})({ use });
"""


def asked(tmp_path: Path, framework: str, megabytes: int, parsed: str = "") -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not here")
    app = untyped(source(framework, "web")).replace('"./asking"', '"./asking.mjs"')
    (tmp_path / "app.mjs").write_text(app)
    (tmp_path / "asking.mjs").write_text(untyped(source("asking", "web")))
    (tmp_path / "asked.mjs").write_text(ASKED)
    command = [node, "asked.mjs", framework, str(megabytes), parsed]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("framework", ["express", "koa"])
def test_a_body_is_read_to_a_bound_and_none_that_is_parsed_already(
    tmp_path: Path, framework: str
) -> None:
    assert asked(tmp_path, framework, 0) == "{}"
    assert asked(tmp_path, framework, 33) == "The request is too large."
    of_vercel = json.dumps({"ctx": {"run_id": "1"}}, separators=(",", ":"))
    assert asked(tmp_path, framework, 33, of_vercel) == of_vercel
