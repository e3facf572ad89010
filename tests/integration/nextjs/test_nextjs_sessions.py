"""The session flow in TypeScript: written, checked by its compiler, and driven on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI, Response
from sqlalchemy import create_engine, text
from tests.integration.nextjs.test_nextjs_target import SETTINGS, VECTORS, migrated, project, served
from tests.integration.sessions.conftest import EXAMPLE, TOML, App
from tests.integration.sockets import serving

from cronshift import operations
from cronshift.checking import validate_endpoint
from cronshift.config import parse_settings
from cronshift.errors import RefusedError
from cronshift.executor.engine import Target, execute
from cronshift.executor.events import Receiver, custom_event, tick_event
from cronshift.executor.transport import Endpoint
from cronshift.migration import prepare_migration
from cronshift.model import Severity
from cronshift.ownership import Epoch, Owner, Ownership, dump_ownership
from cronshift.planning import make_plan
from cronshift.project import load_project
from cronshift.scaffolding import prepare_scaffold
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.flow import EVENT, event_of
from cronshift.sessions.scripts import open_database
from cronshift.targets.nextjs.sessions.sql import literal, quoted
from cronshift.validation.registration import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.executor.runs import Run

pytestmark = pytest.mark.node

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FLOW = "prediction-session"
SHARED = Ownership(flows={FLOW: (Epoch(NOW - timedelta(days=365), 50, "01"),)})
PRISMA = """\
enum SessionStatus {
  INITIALIZING @map("initializing")
  ERROR        @map("error")

  @@map("session_status")
}
"""
PRISMA_TYPES = """\
declare module "@prisma/client" {
  class PrismaPromise<T> extends Promise<T> { readonly [Symbol.toStringTag]: "PrismaPromise" }
  interface Transaction {
    $queryRawUnsafe<T = unknown>(query: string, ...values: any[]): PrismaPromise<T>;
    $executeRawUnsafe(query: string, ...values: any[]): PrismaPromise<number>;
  }
  export class PrismaClient implements Transaction {
    $queryRawUnsafe<T = unknown>(query: string, ...values: any[]): PrismaPromise<T>;
    $executeRawUnsafe(query: string, ...values: any[]): PrismaPromise<number>;
    $transaction<P extends PrismaPromise<any>[]>(arg: [...P]): Promise<unknown[]>;
    $transaction<R>(
      fn: (prisma: Transaction) => Promise<R>,
      options?: { maxWait?: number; timeout?: number },
    ): Promise<R>;
  }
}
"""
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


def scaffolded(root: Path, packages: Path, *, major: int = 4, toml: str = TOML) -> Path:
    """Write an app with jobs and the flow."""
    project(root, packages, major=major, settings=SETTINGS + "\n" + toml)
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


@pytest.mark.parametrize(("major", "prisma"), [(4, False), (3, False), (4, True)])
def test_the_flow_is_strict_typescript(
    tmp_path: Path, node_packages: Path, major: int, prisma: bool
) -> None:
    root = project(tmp_path, node_packages, major=major, settings=SETTINGS + "\n" + TOML)
    if prisma:
        package = json.loads((root / "package.json").read_text())
        package["dependencies"]["@prisma/client"] = "6.0.0"
        (root / "package.json").write_text(json.dumps(package))
        (root / "prisma.d.ts").write_text(PRISMA_TYPES)
    migrated(root)
    operations.apply(root, prepare_scaffold(root, NOW, flow=FLOW))
    (root / "server.ts").write_text(SERVER)
    assert compiled(root, node_packages) == ""
    folder = root / "lib/inngest/sessions"
    assert ("overPrisma" in (folder / "connection.ts").read_text()) is prisma
    in_options = "triggers: [{ event: SESSION_REQUESTED }]"
    assert (in_options in (folder / "session.ts").read_text()) is (major == 4)
    assert ": any" not in "".join(file.read_text() for file in folder.glob("*.ts"))
    assert "  ...sessionFunctions,\n" in (root / "lib/inngest/functions/index.ts").read_text()


def test_it_is_written_once_follows_the_settings_and_is_taken_back_byte_for_byte(
    tmp_path: Path, node_packages: Path
) -> None:
    root = project(tmp_path, node_packages)
    (root / "prisma").mkdir()
    (root / "prisma/schema.prisma").write_text(PRISMA)
    migrated(root)
    before = tree(root)
    operation = prepare_scaffold(root, NOW, flow=FLOW)
    assert tree(root) == before
    operations.apply(root, operation)
    again = prepare_scaffold(root, NOW, flow=FLOW)
    assert again.changes == ()
    assert not prepare_migration(load_project(root), (), NOW).operation.changes
    assert '  QUEUED @map("queued")\n' in (root / "prisma/schema.prisma").read_text()
    assert '"session_status" ADD VALUE' in (root / "migrations/queued_status.sql").read_text()

    work = root / "lib/inngest/sessions/work.ts"
    settings = root / "cronshift.toml"
    written, told = work.read_bytes(), settings.read_text()
    work.write_text("// mine\n")
    settings.write_text(told.replace('table = "sessions"', 'table = "prediction_sessions"'))
    changed = prepare_scaffold(root, NOW, flow=FLOW)
    assert [image.path for change in changed.changes for image in change.images] == [
        "lib/inngest/sessions/store.ts"
    ]
    store = root / "lib/inngest/sessions/store.ts"
    generated = store.read_text()
    store.write_text(generated + "// by hand\n")
    with pytest.raises(RefusedError) as caught:
        prepare_scaffold(root, NOW, flow=FLOW)
    assert caught.value.reason == "edited-by-hand"
    assert prepare_scaffold(root, NOW, flow=FLOW, force=True).changes

    store.write_text(generated)
    work.write_bytes(written)
    settings.write_text(told)
    operations.revert(root, operations.read_operation(root, operation.id))
    assert tree(root) == before


def test_an_app_before_its_migration_gets_a_client_too(tmp_path: Path, node_packages: Path) -> None:
    root = project(tmp_path, node_packages)
    operations.apply(root, prepare_scaffold(root, NOW))
    assert (root / "lib/inngest/client.ts").is_file()
    assert (root / "cronshift.ownership.json").is_file()
    migrated(root)
    index = (root / "lib/inngest/functions/index.ts").read_text()
    assert 'import { sessionFunctions } from "../sessions";\n' in index


def test_the_command_shows_writes_and_says_what_is_next(
    tmp_path: Path, node_packages: Path
) -> None:
    root = project(tmp_path, node_packages)

    def cronshift(*words: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("cronshift")
        return subprocess.run(
            [program, "scaffold", "sessions", "--target", "nextjs", *words],
            cwd=root,
            env=os.environ | {"COLUMNS": "200"},
            input="",
            capture_output=True,
            text=True,
            check=False,
        )

    before = tree(root)
    assert cronshift("--dry-run").returncode == 0
    assert tree(root) == before
    done = cronshift("--yes")
    assert done.returncode == 0
    assert "write lib/inngest/sessions/work.ts." in done.stderr
    store = root / "lib/inngest/sessions/store.ts"
    store.write_text(store.read_text() + "// mine\n")
    settings = root / "cronshift.toml"
    settings.write_text(settings.read_text().replace('"sessions"', '"predictions"'))
    refused = cronshift("--yes", "--json")
    assert (refused.returncode, json.loads(refused.stdout)["error"]["reason"]) == (
        3,
        "edited-by-hand",
    )
    assert cronshift("--yes", "--force").returncode == 0
    assert "// mine" not in store.read_text()
    assert "// mine" in store.with_name("store.ts.bak").read_text()


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


OWNERS = """\
import { owner } from "./lib/inngest/sessions/flag";
void Promise.all(process.argv.slice(2).map((user) => owner(user))).then((owners) =>
  console.log(JSON.stringify(owners)));
"""


def test_both_languages_give_every_user_the_same_side(tmp_path: Path, node_packages: Path) -> None:
    root = scaffolded(tmp_path, node_packages)
    buckets = (
        'import { readFileSync } from "node:fs";\n'
        'import { bucket } from "./lib/inngest/sessions/flag";\n'
        "type Vector = { unit: string; key: string };\n"
        'const vectors: Vector[] = JSON.parse(readFileSync(process.argv[2]!, "utf8"));\n'
        "void Promise.all(vectors.map((one) => bucket(one.unit, one.key))).then((told) =>\n"
        "  console.log(JSON.stringify(told)));\n"
    )
    vectors = json.loads(VECTORS.read_text())
    assert script(root, node_packages, buckets, str(VECTORS)) == [one["bucket"] for one in vectors]
    users = [f"user-{number}" for number in range(300)]
    now = datetime.now(UTC)
    assert script(root, node_packages, OWNERS, *users) == [
        SHARED.flow_owner(FLOW, user, now) for user in users
    ]
    epochs = (
        Epoch(now - timedelta(days=2), 100, "01"),
        Epoch(now - timedelta(days=1), 20, "02"),
        Epoch(now + timedelta(days=1), 0, "03"),
    )
    other = Ownership(flows={FLOW: epochs})
    told = script(root, node_packages, OWNERS, *users, CRONSHIFT_OWNERSHIP=dump_ownership(other))
    assert told == [other.flow_owner(FLOW, user, now) for user in users]


def test_an_ownership_over_http_stands_in_for_the_file(tmp_path: Path, node_packages: Path) -> None:
    root = scaffolded(tmp_path, node_packages)
    everybody = Ownership(flows={FLOW: (Epoch(NOW - timedelta(days=365), 100, "01"),)})
    app = FastAPI()

    @app.get("/flags")
    async def flags() -> Response:
        return Response(dump_ownership(everybody), media_type="application/json")

    users = [f"user-{number}" for number in range(20)]
    with serving(app) as address:
        url = f"{address}/flags"
        told = script(root, node_packages, OWNERS, *users, CRONSHIFT_OWNERSHIP_URL=url)
        assert told == ["inngest"] * 20
        missing = f"{address}/nothing"
        told = script(root, node_packages, OWNERS, *users, CRONSHIFT_OWNERSHIP_URL=missing)
        assert told == ["vercel"] * 20


@pytest.mark.parametrize(
    "variables",
    [
        {"CRONSHIFT_OWNERSHIP": "{"},
        {"CRONSHIFT_OWNERSHIP": '{"version": 2}'},
        {"CRONSHIFT_OWNERSHIP": '{"version": 1, "flows": {"prediction-session": [{}]}}'},
        {"CRONSHIFT_OWNERSHIP_URL": "http://127.0.0.1:9/?token=hush"},
    ],
)
def test_an_ownership_that_cannot_be_read_leaves_users_with_the_old_path(
    tmp_path: Path, node_packages: Path, variables: dict[str, str]
) -> None:
    root = scaffolded(tmp_path, node_packages)
    users = [f"user-{number}" for number in range(20)]
    assert script(root, node_packages, OWNERS, *users, **variables) == ["vercel"] * 20


@dataclass
class Flow:
    """The app as it is served: its database, its endpoint, and the events that it sent."""

    app: App
    url: str
    receiver: Receiver

    def user(self, side: Owner = Owner.INNGEST, credits_left: int = 10) -> str:
        """Return a new user of a side, with nothing spent."""
        while True:
            user = self.app.user(credits_left, 0)
            if SHARED.flow_owner(FLOW, user, datetime.now(UTC)) is side:
                return user

    def post(self, path: str, **asked: Any) -> httpx.Response:
        return httpx.post(self.url.replace("/api/inngest", path), json=asked, timeout=30)

    def ask(self, user: str, *models: str) -> str:
        """Ask for a session over HTTP and return its id."""
        answer = self.post("/sessions", user=user, cost=len(models), models=models)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["sessionId"])

    def run(self, event: dict[str, Any], name: str = FLOW) -> Run:
        async def drive() -> Run:
            async with Endpoint.http(self.url) as endpoint:
                return await execute(endpoint, Target(f"shop-{name}", 3, None), event)

        return asyncio.run(drive())

    def recover(self) -> Run:
        now = datetime.now(UTC)
        return self.run(tick_event("TZ=UTC */10 * * * *", now, now), f"{FLOW}-recovery")

    def sent(self, session: str) -> list[dict[str, Any]]:
        return [one for one in self.receiver.events if one["data"].get("session_id") == session]

    def refunds(self, session: str) -> list[int]:
        sql = "SELECT array_agg(amount) FROM cronshift_refunds WHERE session_id = :id"
        return list(self.app.one(sql, id=session) or [])

    def status(self, session: str, user: str) -> Any:
        return self.post("/status", session=session, user=user).json()


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


@pytest.fixture(scope="module", params=[(4, "0"), (3, "1")], ids=["v4", "v3 in parallel"])
def flow(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    node_packages: Path,
    postgresql_url: str,
) -> Iterator[Flow]:
    major, parallel = request.param
    root = scaffolded(tmp_path_factory.mktemp("flow"), node_packages, major=major)
    (root / "lib/inngest/sessions/work.ts").write_text(WORK)
    schema = (EXAMPLE / "schema.postgresql.sql").read_text()
    own = (root / "migrations/session_tables.sql").read_text()
    settings = parse_settings(TOML).sessions
    assert settings is not None
    with (
        a_database(postgresql_url, schema, own, own) as url,  # the tables' migration may run twice
        receiving() as receiver,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DATABASE_URL", plain(url))
        database, engine = open_database(settings), create_engine(url)
        variables = {
            "DATABASE_URL": plain(url),
            "INNGEST_DEV": receiver.url,
            "PARALLEL": parallel,
        }
        with served(root, node_packages, SERVER, **variables) as address:
            yield Flow(App(engine, database, settings, url), address, receiver)
        database.engine.dispose()
        engine.dispose()


def asked(session: str, user: str) -> dict[str, Any]:
    event = event_of(session, user, 0)
    return custom_event(event["name"], event["data"], NOW)


def test_a_session_is_charged_queued_sent_processed_and_finished(flow: Flow) -> None:
    user, stranger = flow.user(), flow.user()
    session = flow.ask(user, "a", "b", "c")
    assert flow.app.account(user) == (7, 3)
    assert flow.status(session, user) == {"state": "queued", "done": False}
    assert flow.status(session, stranger) is None
    [event] = flow.sent(session)
    assert event["id"] == f"{EVENT}-{session}-0"
    assert event["data"] == {"session_id": session, "user_id": user, "attempt": 0}
    run = flow.run(event)
    assert run.error is None
    assert run.output == {"delivered": 3, "failed": []}
    assert [step.id for step in run.steps] == [
        "claim",
        "items",
        "process a",
        "process b",
        "process c",
        "finish",
    ]
    assert flow.app.state(session) == ("finished", None)
    assert flow.status(session, user) == {"state": "finished", "done": True}
    assert flow.app.account(user) == (7, 3)
    assert flow.refunds(session) == []


def test_what_was_not_delivered_is_refunded(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "down-1", "gone-2", "b")
    run = flow.run(asked(session, user))
    assert run.output == {"delivered": 2, "failed": ["down-1", "gone-2"]}
    attempts = {step.id: step.attempts for step in run.steps}
    assert (attempts["process down-1"], attempts["process gone-2"]) == (3, 1)
    assert flow.app.state(session) == ("finished", "not delivered: down-1, gone-2")
    assert flow.app.account(user) == (8, 2)
    assert flow.refunds(session) == [2]


def test_a_session_of_which_nothing_is_delivered_fails_and_is_refunded_once(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "down-1", "gone-2")
    for _ in range(2):
        flow.run(asked(session, user))
    assert flow.app.state(session) == ("error", "not delivered: down-1, gone-2")
    assert flow.status(session, user) == {"state": "failed", "done": True}
    assert flow.app.account(user) == (10, 0)
    assert flow.refunds(session) == [2]
    database = flow.app.database
    assert sweeping.count(database.engine, database.mapped, scripts.owed(database.mapped)) == (0, 0)


def test_an_event_that_comes_twice_is_processed_once(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "b")
    flow.run(asked(session, user))
    again = flow.run(asked(session, user))
    assert again.output == {"skipped": "not queued"}
    made = "SELECT count(*) FROM predictions WHERE session_id = :id"
    assert flow.app.one(made, id=session) == 2
    assert flow.app.account(user) == (8, 2)


def claimed(flow: Flow, session: str, run_id: str) -> None:
    """Let a run hold a session, as its first step does."""
    flow.app.do(
        "UPDATE prediction_sessions SET status = 'initializing', started_at = now() WHERE id = :id",
        id=session,
    )
    flow.app.do("INSERT INTO cronshift_session_claims VALUES (:id, :run)", id=session, run=run_id)


@pytest.mark.parametrize("function", [f"{FLOW}-cancelled", f"{FLOW}-failure"])
def test_a_run_that_is_cancelled_or_fails_settles_its_session_once(
    flow: Flow, function: str
) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "b")
    claimed(flow, session, "01RUN")
    data = {"function_id": f"shop-{FLOW}", "run_id": "01RUN", "event": asked(session, user)}
    name = "inngest/function.cancelled" if "cancelled" in function else "inngest/function.failed"
    other = flow.run(custom_event(name, {**data, "run_id": "01OTHER"}, NOW), function)
    assert other.output == {"settled": 0, "refunded": 0}  # it never had the session
    for expected in ({"settled": 1, "refunded": 2}, {"settled": 0, "refunded": 0}):
        run = flow.run(custom_event(name, data, NOW), function)
        assert run.error is None
        assert run.output == expected
    reason = "took too long" if "cancelled" in function else "failed"
    assert flow.app.state(session) == ("error", reason)
    assert flow.app.account(user) == (10, 0)
    assert flow.refunds(session) == [2]


def test_runs_that_settle_at_the_same_time_refund_once(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "b")
    claimed(flow, session, "01RUN")
    data = {"function_id": f"shop-{FLOW}", "run_id": "01RUN", "event": asked(session, user)}
    event = custom_event("inngest/function.cancelled", data, NOW)

    async def drive() -> list[Any]:
        async with Endpoint.http(flow.url) as endpoint:
            target = Target(f"shop-{FLOW}-cancelled", 3, None)
            runs = await asyncio.gather(*(execute(endpoint, target, event) for _ in range(8)))
        return [run.output["settled"] for run in runs]

    assert sorted(asyncio.run(drive())) == [0] * 7 + [1]
    assert flow.app.account(user) == (10, 0)
    assert flow.refunds(session) == [2]


def test_another_users_session_is_refused_and_nothing_moves(flow: Flow) -> None:
    user, thief = flow.user(), flow.user()
    session = flow.ask(user, "a")
    run = flow.run(asked(session, thief))
    assert run.error is not None
    assert run.error.message == "the session is not this user's"
    assert run.attempts == 1
    assert run.failure_run is not None
    assert run.failure_run.output == {"settled": 0, "refunded": 0}
    assert flow.app.state(session)[0] == "queued"
    assert (flow.app.account(user), flow.app.account(thief)) == ((9, 1), (10, 0))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"session_id": "x"},
        {"session_id": "x", "user_id": "y", "email": "ada@example.com"},
        {"session_id": "x'; DROP TABLE users; --", "user_id": "y"},
        {"session_id": 7, "user_id": "y"},
        {"session_id": "x", "user_id": "y", "attempt": 1.5},
    ],
)
def test_a_forged_event_is_refused_at_once(flow: Flow, data: dict[str, Any]) -> None:
    run = flow.run(custom_event(EVENT, data, NOW))
    assert run.error is not None
    assert (run.attempts, run.steps) == (1, [])
    assert "ada@example.com" not in run.error.message


def test_a_session_that_nobody_knows_is_gone(flow: Flow) -> None:
    for session in ("nowhere", str(uuid4())):
        assert flow.run(asked(session, "nobody")).output == {"skipped": "not queued"}


def test_recovery_sends_lost_sessions_again_and_settles_stuck_ones(flow: Flow) -> None:
    user = flow.user()
    lost, stuck = flow.ask(user, "a"), flow.ask(user, "a", "b")
    claimed(flow, stuck, "dead")
    flow.app.do(
        "UPDATE prediction_sessions SET created_at = now() - interval '1 hour',"
        " started_at = started_at - interval '1 hour' WHERE id IN (:lost, :stuck)",
        lost=lost,
        stuck=stuck,
    )
    assert flow.app.account(user) == (7, 3)
    run = flow.recover()
    assert run.error is None
    assert run.output["queued_again"] >= 1
    assert [event["id"] for event in flow.sent(lost)] == [f"{EVENT}-{lost}-{n}" for n in (0, 1)]
    assert len(flow.sent(stuck)) == 1
    assert flow.app.state(stuck) == ("error", "processing took too long")
    assert flow.refunds(stuck) == [2]
    assert flow.app.account(user) == (9, 1)
    assert flow.run(flow.sent(lost)[-1]).output == {"delivered": 1, "failed": []}
    assert flow.recover().output["settled"] == 0


def test_a_user_of_the_old_path_is_served_by_it_and_gets_no_event(flow: Flow) -> None:
    user = flow.user(Owner.VERCEL)
    answer = flow.post("/sessions", user=user, cost=2, models=["a", "b"]).json()
    assert (answer["owner"], answer["legacy"]) == ("vercel", True)
    assert flow.app.state(answer["sessionId"])[0] == "initializing"
    assert flow.app.account(user) == (8, 2)
    assert flow.sent(answer["sessionId"]) == []
    waiting = "SELECT count(*) FROM cronshift_outbox WHERE session_id = :id"
    assert flow.app.one(waiting, id=answer["sessionId"]) == 0


def test_who_cannot_pay_is_refused_and_nothing_is_written(flow: Flow) -> None:
    user = flow.user(credits_left=1)
    assert flow.post("/sessions", user=user, cost=2, models=["a", "b"]).status_code == 402
    assert flow.post("/sessions", user=user, cost=-2, models=["a", "b"]).status_code == 500
    assert flow.app.account(user) == (1, 0)
    made = "SELECT count(*) FROM prediction_sessions WHERE user_id = :id"
    assert flow.app.one(made, id=user) == 0


def test_pythons_scripts_understand_what_the_flow_wrote(flow: Flow) -> None:
    user = flow.user()
    session = flow.ask(user, "a", "gone")
    flow.run(asked(session, user))
    told = scripts.status(flow.app.database, datetime.now(UTC))
    assert told["completion_rate"]["new"] is not None
    [refund] = [row for row in scripts.refunds(flow.app.database) if row["session_id"] == session]
    assert (refund["amount"], refund["user_id"]) == (1, user)
    assert refund["reason"] == "not delivered: gone"


@pytest.mark.parametrize("major", [4, 3])
def test_what_is_registered_fits_the_plan_and_the_engine(
    tmp_path: Path, node_packages: Path, major: int
) -> None:
    root = scaffolded(tmp_path, node_packages, major=major)
    key = "signkey-test-" + "5eed" * 16
    cloud = {"INNGEST_DEV": "0", "INNGEST_SIGNING_KEY": key, "INNGEST_EVENT_KEY": "sent"}
    with served(root, node_packages, SERVER, DATABASE_URL="postgresql://nowhere", **cloud) as url:
        plan = make_plan(load_project(root))
        registration, findings = asyncio.run(validate_endpoint(plan, url, key))
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    triggers = {
        function.id.removeprefix("shop-"): function.triggers
        for function in registration.functions or ()
        if FLOW in function.id
    }
    failed, ended = "inngest/function.failed", "event.data.function_id == "
    assert triggers == {
        FLOW: (Trigger(event=EVENT),),
        f"{FLOW}-failure": (Trigger(event=failed, expression=f"{ended}'shop-{FLOW}'"),),
        f"{FLOW}-cancelled": (
            Trigger(event="inngest/function.cancelled", expression=f"{ended}'shop-{FLOW}'"),
        ),
        f"{FLOW}-recovery": (Trigger(cron="TZ=UTC */10 * * * *"),),
    }


ODD = {
    '"prediction_sessions"': 'pre"dict`${process.exit(1)}`\\',
    '"queued"': "it's \\ `queued`",
    '"selected_models"': "mo'dels */ ${x}",
    '"credits"': "$scaffold$",
    '"id"': "__proto__",
}
ODD_SQL = """
CREATE TYPE state AS ENUM ('initializing', {queued}, 'generating', 'finished', 'error');
CREATE TABLE users ({id} text PRIMARY KEY, {credits} integer, total_credits_spent integer);
CREATE TABLE {sessions} ({id} uuid PRIMARY KEY, user_id text, status state, {models} jsonb,
  created_at timestamp, started_at timestamp, error text);
CREATE TABLE predictions (session_id uuid);
INSERT INTO users VALUES ('ada', 5, 0);
"""
ODD_USE = """
import * as store from "./lib/inngest/sessions/store";
void (async () => {
  const values = { [process.argv[2]!]: ["a", "b"] };
  const session_id = await store.enqueue("ada", 2, values, "inngest");
  const asked = { session_id, user_id: "ada" };
  const told = [
    await store.stateOf(session_id, "ada"),
    await store.relay(async () => null),
    await store.requeue(),
    await store.claim(asked, "01RUN"),
    await store.itemsOf(session_id),
    await store.settleStuck(),
    await store.settle(session_id, "01RUN", true, "it's one"),
    await store.stateOf(session_id, "ada"),
  ];
  console.log(JSON.stringify(told));
  process.exit(0);
})();
"""


def test_names_never_become_code_or_sql(
    tmp_path: Path, node_packages: Path, postgresql_url: str
) -> None:
    toml = TOML
    for name, odd in ODD.items():
        toml = toml.replace(f"= {name}", f"= {json.dumps(odd)}")
        toml = toml.replace(f"array_length = {name}", f"array_length = {json.dumps(odd)}")
    root = scaffolded(tmp_path, node_packages, toml=toml)
    assert compiled(root, node_packages) == ""
    names = {
        "sessions": quoted(ODD['"prediction_sessions"']),
        "queued": literal(ODD['"queued"']),
        "models": quoted(ODD['"selected_models"']),
        "credits": quoted(ODD['"credits"']),
        "id": quoted(ODD['"id"']),
    }
    own = (root / "migrations/session_tables.sql").read_text()
    with a_database(postgresql_url, ODD_SQL.format(**names), own) as url:
        models = ODD['"selected_models"']
        told = script(root, node_packages, ODD_USE, models, DATABASE_URL=plain(url))
        engine = create_engine(url)
        with engine.connect() as connection:
            credit = connection.exec_driver_sql(f"SELECT {names['credits']} FROM users").scalar()
        engine.dispose()
    assert told == [
        "queued",
        1,
        0,
        "ours",
        ["a", "b"],
        0,
        {"settled": 1, "refunded": 2},
        "finished",
    ]
    assert credit == 5
