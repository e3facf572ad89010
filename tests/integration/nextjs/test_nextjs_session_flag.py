"""Whose a user is: the same in TypeScript and Python."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI, Response
from tests.integration.nextjs.session_app import (
    FLOW,
    NOW,
    SHARED,
    scaffolded,
    script,
)
from tests.integration.nextjs.typescript_app import VECTORS
from tests.integration.sockets import serving

from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.node

OWNERS = """\
import { owner } from "./lib/inngest/sessions/flag";
void Promise.all(process.argv.slice(2).map((user) => owner(user))).then((owners) =>
  console.log(JSON.stringify(owners)));
"""


def test_both_languages_give_every_user_the_same_side(tmp_path: Path, node_packages: Path) -> None:
    root = scaffolded(tmp_path, node_packages)
    buckets = (
        'import { readFileSync } from "node:fs";\n'
        'import { bucket } from "./lib/inngest/cronshift/ownership";\n'
        "type Vector = { unit: string; key: string };\n"
        'const vectors: Vector[] = JSON.parse(readFileSync(process.argv[2]!, "utf8")).buckets;\n'
        "void Promise.all(vectors.map((one) => bucket(`${one.unit}\\n${one.key}`))).then((told) =>\n"
        "  console.log(JSON.stringify(told)));\n"
    )
    vectors = json.loads(VECTORS.read_text())["buckets"]
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
        assert told == by_the_file_built_in(users)


def by_the_file_built_in(users: list[str]) -> list[str]:
    return [SHARED.flow_owner(FLOW, user, datetime.now(UTC)) for user in users]


@pytest.mark.parametrize(
    "variables",
    [
        {"CRONSHIFT_OWNERSHIP": "{"},
        {"CRONSHIFT_OWNERSHIP": '{"version": 2}'},
        {"CRONSHIFT_OWNERSHIP": '{"version": 1, "flows": {"prediction-session": [{}]}}'},
        {"CRONSHIFT_OWNERSHIP_URL": "http://127.0.0.1:9/?token=hush"},
    ],
)
def test_the_file_built_in_counts_where_no_other_can_be_read_and_else_the_old_path(
    tmp_path: Path, node_packages: Path, variables: dict[str, str]
) -> None:
    root = scaffolded(tmp_path, node_packages)
    users = [f"user-{number}" for number in range(20)]
    told = script(root, node_packages, OWNERS, *users, **variables)
    assert told == by_the_file_built_in(users)
    (root / "cronshift.ownership.json").write_text('{"version": 2}')
    assert script(root, node_packages, OWNERS, *users, **variables) == ["vercel"] * 20
