"""The session flow in TypeScript: written, checked by its compiler, and as it is registered."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from tests.integration.nextjs.session_app import (
    FLOW,
    NOW,
    SERVER,
    a_database,
    compiled,
    plain,
    scaffolded,
    script,
    tree,
)
from tests.integration.nextjs.typescript_app import (
    SETTINGS,
    TSCONFIG,
    migrated,
    project,
    served,
)
from tests.integration.sessions.conftest import TOML

from cronshift import operations
from cronshift.engine.validation.project import validate_endpoint
from cronshift.engine.validation.registration import Trigger
from cronshift.errors import RefusedError
from cronshift.model import Severity
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.sessions.flow import EVENT
from cronshift.sessions.tables import own_tables
from cronshift.targets.scaffold import prepare_scaffold
from cronshift.targets.scaffold.sql import literal, quoted

pytestmark = pytest.mark.node

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


@pytest.mark.parametrize("major", [3, 4])
def test_the_flow_with_letters_of_its_dead_runs_is_strict_typescript(
    tmp_path: Path, node_packages: Path, major: int
) -> None:
    root = scaffolded(tmp_path, node_packages, major=major, ledger=True)
    (root / "server.ts").write_text(SERVER)
    assert compiled(root, node_packages) == ""
    assert "bury({ id: FLOW }" in (root / "lib/inngest/sessions/session.ts").read_text()


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
    options = {**TSCONFIG["compilerOptions"], "target": "ES5"}  # as Next 13 makes it
    (root / "tsconfig.json").write_text(json.dumps({**TSCONFIG, "compilerOptions": options}))
    assert compiled(root, node_packages) == ""
    folder = root / "lib/inngest/sessions"
    assert ("overPrisma" in (folder / "connection.ts").read_text()) is prisma
    in_options = "triggers: [{ event: SESSION_REQUESTED }]"
    assert (in_options in (folder / "session.ts").read_text()) is (major == 4)
    assert ": any" not in "".join(file.read_text() for file in folder.glob("*.ts"))
    assert "  ...sessionFunctions,\n" in (root / "lib/inngest/functions/index.ts").read_text()


@pytest.mark.parametrize("ledger", [False, True])
def test_the_flow_is_as_prettier_writes_it(
    tmp_path: Path, node_packages: Path, ledger: bool
) -> None:
    scaffolded(tmp_path, node_packages, ledger=ledger)
    folder = tmp_path / "lib/inngest/sessions"
    files = [str(file) for file in folder.glob("*.ts") if file.name != "work.ts"]
    prettier = node_packages / "node_modules/prettier/bin/prettier.cjs"
    command = ["node", str(prettier), "--no-config", "--list-different", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


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
        "lib/inngest/sessions/mapping.ts",
        "lib/inngest/sessions/store.ts",
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


def test_a_list_of_functions_that_is_the_apps_own_is_left_alone(
    tmp_path: Path, node_packages: Path
) -> None:
    root = project(tmp_path, node_packages)
    migrated(root)
    index = root / "lib/inngest/functions/index.ts"
    index.write_text(index.read_text() + "// mine\n")
    before = index.read_bytes()
    operations.apply(root, prepare_scaffold(root, NOW))
    assert index.read_bytes() == before


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


DROPPED = """
import { Pool } from "pg";
import { database } from "./lib/inngest/sessions/connection";

const pool = new Pool({ connectionString: process.env["DATABASE_URL"], max: 1 });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

void (async () => {
  const lost = await database
    .transaction(async (query) => {
      const [row] = await query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      await pool.query("SELECT pg_terminate_backend($1)", [row!.pid]);
      await pause(300); // the loss is noticed while nothing is asked
      return query("SELECT 1 AS one");
    })
    .catch(() => "lost");
  const again = await database.transaction((query) => query<{ one: number }>("SELECT 1 AS one"));
  console.log(JSON.stringify([lost, again[0]!.one]));
  process.exit(0);
})();
"""


def test_a_connection_that_is_dropped_inside_a_transaction_does_not_end_the_process(
    tmp_path: Path, node_packages: Path, postgresql_url: str
) -> None:
    root = scaffolded(tmp_path, node_packages)
    with a_database(postgresql_url) as url:
        assert script(root, node_packages, DROPPED, DATABASE_URL=plain(url)) == ["lost", 1]


def test_tables_of_an_earlier_version_are_brought_up_to_date_by_the_migration(
    tmp_path: Path, node_packages: Path, postgresql_url: str
) -> None:
    root = scaffolded(tmp_path, node_packages)
    tables = (root / "migrations/session_tables.sql").read_text()
    before = """
    CREATE TABLE cronshift_refunds (session_id uuid PRIMARY KEY, user_id uuid NOT NULL,
      amount bigint NOT NULL, refunded_at bigint NOT NULL, reason varchar(200) NOT NULL);
    CREATE TABLE cronshift_outbox (session_id uuid PRIMARY KEY, user_id uuid NOT NULL,
      attempt integer NOT NULL, sent_at timestamptz);
    CREATE TABLE cronshift_session_claims (session_id uuid PRIMARY KEY, run_id varchar(64) NOT NULL);
    INSERT INTO cronshift_refunds VALUES (gen_random_uuid(), gen_random_uuid(), 3, 1, 'failed');
    """
    with a_database(postgresql_url, before, tables, tables) as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            kept = connection.exec_driver_sql("SELECT source, amount FROM cronshift_refunds").one()
        assert tuple(kept) == ("", 3)
        assert own_tables(engine, None).ready
        engine.dispose()
