"""The flow in the house of an app with Prisma: its client, its exhaustive code, its compiler."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.integration.nextjs.session_app import NOW, compiled
from tests.integration.nextjs.typescript_app import project
from tests.integration.sessions.house_apps import PRISMA_APP, tree, write

from cronshift import operations
from cronshift.engine.validation.project import validate_package
from cronshift.model import Severity
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets.scaffold import prepare_scaffold

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.node

CLIENT = """\
export type RenderStatus = "PENDING" | "RENDERING" | "DONE" | "FAILED"{};
interface Transaction {{ $queryRawUnsafe<T = unknown>(query: string, ...values: any[]): Promise<T> }}
export class PrismaClient implements Transaction {{
  render: {{ findMany(args: object): Promise<{{ status: RenderStatus }}[]> }};
  user: {{ findUnique(args: object): Promise<object | null> }};
  $queryRawUnsafe<T = unknown>(query: string, ...values: any[]): Promise<T>;
  $transaction<R>(fn: (prisma: Transaction) => Promise<R>): Promise<R>;
}}
"""
WORDS = """\
import type { RenderStatus } from "~/generated/prisma/client";

export const words: Record<RenderStatus, string> = {
  PENDING: "Soon",
  RENDERING: "Now",
  DONE: "Done",
  FAILED: "Sorry",
};
"""


def house(root: Path, packages: Path) -> Path:
    """Write an app whose client is generated into its own sources."""
    project(root, packages, settings='[project]\ntarget = "nextjs"\n')
    options = json.loads((root / "tsconfig.json").read_text())
    options["compilerOptions"]["paths"] = {"~/*": ["./src/*"]}
    write(
        root,
        {
            **PRISMA_APP,
            "tsconfig.json": json.dumps(options),
            "src/generated/prisma/client.d.ts": CLIENT.format(""),
            "src/words.ts": WORDS,
        },
    )
    operations.apply(root, prepare_migration(load_project(root), (), NOW).operation)
    return root


def test_the_flow_takes_the_apps_own_client_and_the_app_still_compiles(
    tmp_path: Path, node_packages: Path
) -> None:
    root = house(tmp_path, node_packages)
    assert compiled(root, node_packages) == ""
    before = tree(root)
    operation = prepare_scaffold(root, NOW)
    operations.apply(root, operation)
    (connection,) = root.rglob("sessions/connection.ts")
    text = connection.read_text()
    assert 'import { db } from "~/server/db";' in text
    assert "PrismaClient" not in text
    words = root / "src/words.ts"
    assert words.read_text() == WORDS.replace("  REND", '  QUEUED: "Soon",\n  REND')

    client = root / "src/generated/prisma/client.d.ts"
    client.write_text(CLIENT.format(' | "QUEUED"'))  # as `prisma generate` does
    assert compiled(root, node_packages) == ""
    words.write_text(WORDS)
    _, findings = validate_package(root, make_plan(load_project(root)))
    told = {
        finding.code: str(finding.location)
        for finding in findings
        if finding.severity is Severity.ERROR
    }
    assert told == {"CS441": "src/words.ts:3", "CS442": "src/words.ts:3"}

    words.write_text(WORDS.replace("  REND", '  QUEUED: "Soon",\n  REND'))
    client.write_text(CLIENT.format(""))
    operations.revert(root, operations.read_operation(root, operation.id))
    assert tree(root) == before
