"""What [sessions] may be beside odd tables, as tests/data/session-mapping.json has it: TypeScript's side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.nextjs.session_app import a_database, compiled, plain, scaffolded, script
from tests.integration.sessions.mapping_cases import CASES, make, settings_of, shown

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.node

SETTLE = """
import * as store from "./lib/inngest/sessions/store";
import { MappingError } from "./lib/inngest/sessions/mapping";
void (async () => {
  try {
    console.log(JSON.stringify({ settled: await store.settleStuck() }));
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    console.log(JSON.stringify({ refused: error.message }));
  }
  process.exit(0);
})();
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_typescript_flow_judges_the_mapping(
    tmp_path: Path, node_packages: Path, postgresql_url: str, case: dict[str, Any]
) -> None:
    root = scaffolded(tmp_path, node_packages, toml=settings_of(case))
    tables = (root / "migrations/session_tables.sql").read_text()
    with a_database(postgresql_url) as url:
        make(url, [*case["tables"], tables])
        told = script(root, node_packages, SETTLE, DATABASE_URL=plain(url))
        if "problems" in case:
            for problem in case["problems"]:
                assert problem in told["refused"]
        else:
            assert "settled" in told
            assert shown(url, case) == case["ends"]


ASK = """
import * as store from "./lib/inngest/sessions/store";
void (async () => {
  const made = await store.enqueue("1", 2, { price: 2 }, "inngest");
  const sent: unknown[] = [];
  await store.relay(async (events) => sent.push(...events.map(({ data }) => data.session_id)));
  const claimed = await store.claim({ session_id: made, user_id: "1" }, "01RUN");
  const items = await store.itemsOf(made);
  const settled = await store.settle(made, "01RUN", false, "it failed");
  console.log(JSON.stringify([made, sent, claimed, items, settled]));
  process.exit(0);
})();
"""


def test_ids_that_the_database_counts_and_sessions_without_items(
    tmp_path: Path, node_packages: Path, postgresql_url: str
) -> None:
    root = scaffolded(tmp_path, node_packages, toml=settings_of(CASES[-1]))
    tables = (root / "migrations/session_tables.sql").read_text()
    renders = (
        "CREATE TABLE renders (id serial PRIMARY KEY, owner_id integer, state text,"
        " made_at timestamptz, why text, price integer, over_at timestamptz,"
        " touched_at timestamptz NOT NULL)"
    )
    with a_database(postgresql_url) as url:
        make(url, ["OWNERS", "INSERT INTO owners VALUES (1, 5)", renders, tables])
        told = script(root, node_packages, ASK, DATABASE_URL=plain(url))
        assert told == ["1", ["1"], "ours", ["session"], {"settled": 1, "refunded": 2}]


def test_a_flow_of_odd_columns_is_strict_typescript(tmp_path: Path, node_packages: Path) -> None:
    root = scaffolded(tmp_path, node_packages, toml=settings_of(CASES[-1]))
    assert compiled(root, node_packages) == ""
