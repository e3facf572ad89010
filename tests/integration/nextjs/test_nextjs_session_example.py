"""The example app: migrated, compiled, asked over its own routes, and driven by the executor."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import create_engine
from tests.integration.nextjs.session_app import FLOW, a_database, compiled, plain, receiving
from tests.integration.nextjs.typescript_app import link_packages, migrated, served
from tests.integration.sessions.conftest import EXAMPLE

from cronshift import operations
from cronshift.engine.executor.engine import RunTarget, execute
from cronshift.engine.server.endpoint import Endpoint
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership
from cronshift.targets.scaffold import prepare_scaffold

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.engine.executor.runs import Run

pytestmark = pytest.mark.node

NOW = datetime.now(UTC)
SERVER = """\
import { createServer } from "node:http";
import { serve } from "inngest/node";
import { GET } from "@/app/api/sessions/[id]/route";
import { POST } from "@/app/api/sessions/route";
import { inngest } from "@/lib/inngest/client";
import { functions } from "@/lib/inngest/functions";

const inngestEndpoint = serve({ client: inngest, functions });
const server = createServer(async (asked, response) => {
  if (asked.url?.startsWith("/api/inngest")) return void inngestEndpoint(asked, response);
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk as Buffer);
  const request = new Request(`http://app${asked.url}`, {
    method: asked.method ?? "GET",
    headers: { "x-user": String(asked.headers["x-user"]) },
    body: asked.method === "POST" ? Buffer.concat(chunks).toString() : null,
  });
  const id = asked.url?.split("/").at(-1) ?? "";
  const answer = asked.method === "POST"
    ? await POST(request)
    : await GET(request, { params: Promise.resolve({ id }) });
  response.statusCode = answer.status;
  response.end(await answer.text());
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address ? address.port : 0);
});
process.stdin.on("end", () => process.exit(0)).resume();
"""


@pytest.mark.parametrize("percent", [100, 0])
def test_a_session_goes_from_the_request_to_finished(
    tmp_path: Path, node_packages: Path, postgresql_url: str, percent: int
) -> None:
    root = tmp_path / "app"
    shutil.copytree(EXAMPLE / "nextjs", root)
    link_packages(root, node_packages)
    work = (root / "lib/inngest/sessions/work.ts").read_bytes()
    migrated(root)
    operations.apply(root, prepare_scaffold(root, NOW, flow=FLOW))
    assert (root / "lib/inngest/sessions/work.ts").read_bytes() == work
    epochs = (Epoch(NOW - timedelta(days=1), percent, "01"),)
    (root / "cronshift.ownership.json").write_text(dump_ownership(Ownership(flows={FLOW: epochs})))
    (root / "server.ts").write_text(SERVER)
    assert compiled(root, node_packages) == ""
    schema = (EXAMPLE / "schema.postgresql.sql").read_text()
    own = (root / "migrations/session_tables.sql").read_text()
    ada = "INSERT INTO users (credits, total_credits_spent) VALUES (3, 0)"
    with a_database(postgresql_url, schema, own, ada) as url, receiving() as receiver:
        engine = create_engine(url)

        def one(sql: str) -> Any:
            with engine.connect() as connection:
                row = connection.exec_driver_sql(sql).one()
            return row[0] if len(row) == 1 else tuple(row)

        user = str(one("SELECT id FROM users"))
        variables = {"DATABASE_URL": plain(url), "INNGEST_DEV": receiver.url}
        with served(root, node_packages, SERVER, **variables) as endpoint:
            sessions = endpoint.replace("/inngest", "/sessions")
            headers = {"x-user": user}
            models = ["gpt-5", "broken-model"] if percent else ["gpt-5"]
            made = httpx.post(sessions, json=models, headers=headers, timeout=30)
            assert made.status_code == 202
            session = f"{sessions}/{made.json()['id']}"
            if percent:
                told = httpx.get(session, headers=headers).json()
                assert told == {"state": "queued", "done": False}
                [event] = receiver.events
                run = driven(endpoint, event)
                assert run.output == {"delivered": 1, "failed": ["broken-model"]}
            told = httpx.get(session, headers=headers).json()
            assert told == {"state": "finished", "done": True}
            assert httpx.get(session, headers={"x-user": "eve"}).status_code == 404
            many = httpx.post(sessions, json=["a", "b", "c"], headers=headers, timeout=30)
            assert many.status_code == 402
        assert len(receiver.events) == (1 if percent else 0)
        assert one("SELECT credits, total_credits_spent FROM users") == (2, 1)
        assert one("SELECT count(*) FROM predictions") == 1
        engine.dispose()


def driven(endpoint: str, event: dict[str, Any]) -> Run:
    async def drive() -> Run:
        async with Endpoint.http(endpoint) as opened:
            return await execute(opened, RunTarget(f"predictions-{FLOW}", 4, None), event)

    return asyncio.run(drive())
