"""A Next.js app with the session flow, for tests: written, compiled, asked, given a database."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import create_engine, text
from tests.integration.nextjs.typescript_app import SETTINGS, migrated, project
from tests.integration.sessions.conftest import TOML

from cronshift import operations
from cronshift.engine.executor.events import Receiver
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership
from cronshift.targets.scaffold import prepare_scaffold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FLOW = "prediction-session"
SHARED = Ownership(flows={FLOW: (Epoch(NOW - timedelta(days=365), 50, "01"),)})
WORK = """\
import { NonRetriableError } from "inngest";
import { Pool } from "pg";

import type { Item, Limits } from "./session";

export const limits: Limits = {
  retries: 2,
  concurrency: [{ limit: 5 }],
  throttle: { limit: 100, period: "1m" },
};
export const parallel: boolean = process.env["PARALLEL"] === "1";
const pool = new Pool({ connectionString: process.env["DATABASE_URL"], max: 2 });

export async function processItem({ sessionId, name, key }: Item): Promise<void> {
  if (key !== `${sessionId}:${name}`) throw new NonRetriableError("another key");
  if (name.startsWith("down")) throw new Error(`${name} is down`);
  if (name.startsWith("gone")) throw new NonRetriableError(`${name} is gone`);
  const keep = "INSERT INTO predictions (session_id, model) VALUES ($1, $2) ON CONFLICT DO NOTHING";
  await pool.query(keep, [sessionId, name]);
}
"""
SERVER = """\
import { createServer, type IncomingMessage } from "node:http";
import { serve } from "inngest/node";
import { inngest } from "./lib/inngest/client";
import { functions } from "./lib/inngest/functions";
import { NotEnoughCreditsError, requestSession, sessionStatus } from "./lib/inngest/sessions";

type Asked = { user: string; session: string; cost: number; models: string[] };
const inngestEndpoint = serve({ client: inngest, functions });
const byTheOldPath: string[] = [];

async function answer(request: IncomingMessage): Promise<unknown> {
  let body = "";
  for await (const chunk of request) body += chunk;
  const asked = JSON.parse(body) as Asked;
  if (request.url === "/status") return sessionStatus(asked.session, asked.user);
  const made = await requestSession({
    userId: asked.user,
    cost: asked.cost,
    values: { selected_models: asked.models },
    legacy: async (id) => byTheOldPath.push(id),
  });
  return { ...made, legacy: byTheOldPath.includes(made.sessionId) };
}

const server = createServer((request, response) => {
  if (request.url?.startsWith("/api/inngest")) return void inngestEndpoint(request, response);
  answer(request).then(
    (told) => response.end(JSON.stringify(told)),
    (error: unknown) => {
      response.statusCode = error instanceof NotEnoughCreditsError ? 402 : 500;
      response.end(String(error));
    },
  );
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" && address ? address.port : 0);
});
process.stdin.on("end", () => process.exit(0)).resume();
"""


def scaffolded(
    root: Path, packages: Path, *, major: int = 4, toml: str = TOML, ledger: bool = False
) -> Path:
    """Write an app with jobs and the flow."""
    settings = SETTINGS.replace("[project]", "[project]\nledger = true") if ledger else SETTINGS
    project(root, packages, major=major, settings=settings + "\n" + toml)
    migrated(root)
    (root / "cronshift.ownership.json").write_text(dump_ownership(SHARED))
    operations.apply(root, prepare_scaffold(root, NOW, flow=FLOW))
    return root


def compiled(root: Path, packages: Path) -> str:
    """Return what the app's compiler complains of."""
    tsc = packages / "node_modules/typescript/bin/tsc"
    done = subprocess.run(
        ["node", str(tsc), "-p", "."], cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in root.rglob("*")
        if file.is_file() and not {"node_modules", ".cronshift"} & set(file.parts)
    }


def script(root: Path, packages: Path, source: str, *arguments: str, **variables: str) -> Any:
    """Run a program beside the app and return the JSON that it prints."""
    (root / "asked.ts").write_text(source)
    loader = (packages / "node_modules/tsx/dist/loader.mjs").as_uri()
    done = subprocess.run(
        ["node", "--import", loader, "asked.ts", *arguments],
        cwd=root,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Take events on a thread of its own."""
    receiver, ready = Receiver(), threading.Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def listen() -> None:
        async with receiver.listening():
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(listen(),))
    thread.start()
    ready.wait()
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@contextmanager
def a_database(server: str, *statements: str) -> Iterator[str]:
    """Make a database, run statements in it, and tell its address as SQLAlchemy has it."""
    name = f"app_{uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = create_engine(server).url.set(database=name).render_as_string(hide_password=False)
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.connection.cursor().execute(statement)
    engine.dispose()
    yield url


def plain(url: str) -> str:
    """Return an address as the app's driver has it."""
    return url.replace("postgresql+psycopg://", "postgresql://")
