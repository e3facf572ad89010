"""What [sessions] may be beside odd tables, as tests/data/session-mapping.json has it: Python's side."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.integration.nextjs.session_app import a_database, plain
from tests.integration.sessions.mapping_cases import CASES, make, settings_of, shown

from cronshift.errors import ConfigError
from cronshift.project.settings import parse_settings
from cronshift.sessions import scripts, sweeping
from cronshift.sessions.scripts import open_database


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_python_flow_judges_the_mapping(
    case: dict[str, Any], postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = parse_settings(settings_of(case)).sessions
    assert settings is not None
    with a_database(postgresql_url) as url:
        make(url, case["tables"])
        monkeypatch.setenv("DATABASE_URL", plain(url))
        if "problems" in case:
            with pytest.raises(ConfigError) as caught:
                open_database(settings)
            for problem in case["problems"]:
                assert problem in caught.value.message
            return
        database = open_database(settings)
        sweep = scripts.stuck(database.mapped, datetime.now(UTC))
        sweeping.run(database.engine, database.mapped, sweep)
        database.close()
        assert shown(url, case) == case["ends"]
