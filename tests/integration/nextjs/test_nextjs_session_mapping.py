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


def test_a_flow_of_odd_columns_is_strict_typescript(tmp_path: Path, node_packages: Path) -> None:
    root = scaffolded(tmp_path, node_packages, toml=settings_of(CASES[-1]))
    assert compiled(root, node_packages) == ""
