"""What is wrong with a cronshift.toml is told in words, with its line."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from cronshift.errors import ConfigError
from cronshift.project.settings import parse_settings
from cronshift.project.toml_lines import key_lines, nearest_line

SESSIONS = """[sessions]
table = "s"
id = "id"
user = "user_id"
status = "status"
created = "created_at"
queued = "queued"
processing = ["p"]
finished = "done"
failed = "error"
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[project]\nout = '../up'\n", "line 2: `project.out` is '../up', which is not a folder inside the project"),
        ("[project]\n\napp_id = 'My App'\n", "line 3: `project.app_id` is 'My App', which is not lower-case words"),
        ("[project]\nmode = 'fast'\n", "line 2: `project.mode` is 'fast', and must be auto, direct or bridge"),
        ("[project]\ntarget = 'cobol'\n", "line 2: `project.target` is 'cobol', and the targets are python and nextjs"),
        ("project = 3\n", "line 1: `project` is 3, and must be a table"),
        ("[projct]\napp_id = 'x'\n", "line 1: the file has an unknown key projct (did you mean project?)"),
        ("[bridge]\nbase_url = 'app.example.com'\n", "line 2: `bridge.base_url` is 'app.example.com', which is not an address"),
        ("[bridge]\nsecret_env = 'MY-SECRET'\n", "which is not the name of an environment variable, such as CRON_SECRET"),
        ("[defaults]\nretries = 21\n", "line 2: `defaults.retries` is 21, and may be at most 20"),
        ("[defaults]\nretries = -1\n", "line 2: `defaults.retries` is -1, and must be at least 0"),
        ("[defaults]\nretries = true\n", "`defaults.retries` is true, and must be a whole number"),
        ("[defaults]\njitter = true\n", "`defaults.jitter` is true, which is not a duration, such as 90s, 15m or 1h30m, or false for none"),
        ("[defaults]\nthrottle = { limit = 1 }\n", "line 2: `defaults.throttle` lacks period"),
        ("[defaults]\nfan_out = { param = 'm', values = [] }\n", "`defaults.fan_out.values` must not be empty"),
        ("[defaults]\nfan_out = { param = 'm' }\n", "`defaults.fan_out` is a table, which is not one with either values, or items"),
        ("[defaults]\nfan_out = { param = 'm', values = ['a'], items = 'a:b' }\n", "which is not one with either values, or items and their key and expected number"),
        ("[defaults]\nfan_out = { param = 'm', values = ['a'], key = 'id' }\n", "which is not one with either values, or items"),
        ("[defaults]\nfan_out = { values = ['a'] }\n", "`defaults.fan_out` lacks param"),
        ("[defaults]\nfan_out = { param = 'm', items = '../up:b' }\n", "`defaults.fan_out.items` is '../up:b', which is not a file or module inside the project and a function of it"),
        ("[defaults]\nfan_out = { param = 'm', items = '/etc/a:b' }\n", "which is not a file or module inside the project"),
        ("[defaults]\nfan_out = { param = 'm', items = 'lib/a:b()' }\n", "which is not a file or module inside the project"),
        ("[defaults]\nfan_out = { param = 'm', items = 'lib/a:b', expected = 0 }\n", "`defaults.fan_out.expected` is 0, and must be at least 1"),
        ("[jobs.a]\n[jobs.b]\npath = 'x'\n", "line 3: `jobs.b.path` is 'x', which is not the path of an entry"),
        ("[jobs.'No Name']\nretries = 1\n", "line 1: `jobs` has the name 'No Name', which is not lower-case words"),
        ("[jobs.a]\nhandler = 'x'\n", "which is not a file or module and what it exports"),
        ("[[suppress]]\ncode = 'CS206'\nreason = 'r'\n[[suppress]]\ncode = '206'\nreason = 'r'\n", "line 5: `suppress.1.code` is '206', which is not the code of a finding"),
        ("[rollout]\noverlooked = 2\n", "line 2: `rollout.overlooked` is 2, and may be at most 0.5"),
        ("[rollout]\nslower = 'twice'\n", "line 2: `rollout.slower` is 'twice', and must be a number"),
        ("[rollout]\nlate = '5'\n", "line 2: `rollout.late` is '5', which is no duration"),
        ("[rollout]\ndry_run = ['speed']\n", "is 'speed', and must be misses, lateness, failures, attempts, duration, result or refunds"),
        ("[rollout.failures]\nfailure_limit = -1\n", "line 2: `rollout.failures.failure_limit` is -1, and must be at least 0"),
        ("[rollout.failure]\nacceptable = 0.1\n", "line 1: `rollout` has an unknown key failure (did you mean failures?)"),
        ("[rollout.misses]\nacceptable = 0.04\n[jobs.x.rollout.misses]\nunacceptable = 0.03\n", "line 3: `jobs.x.rollout.misses` calls 0.03 unacceptable, and must leave that above what is acceptable, 0.04"),
        ("[jobs.x.rollout]\nlate = '5'\n", "line 2: `jobs.x.rollout.late` is '5', which is no duration"),
        ("[rollout]\nlate = '1m'\n[rollout.misses]\nacceptable = 0.2\n", "line 3: `rollout.misses` calls 0.05 unacceptable, and must leave that above what is acceptable, 0.2"),
        (f"{SESSIONS}cost = {{ constant = 1, column = 'c' }}\n", "`sessions.cost` must have exactly one of array_length, column or constant"),
        (f"{SESSIONS}cost = {{ constant = 1 }}\n", "line 1: `sessions` lacks credits"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_told_in_words_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text)
    assert sentence in caught.value.message
    assert "does not match" not in caught.value.message
    assert "^" not in caught.value.message
    assert caught.value.where
    assert f"line {caught.value.where.partition(':')[2]}:" in caught.value.message


def test_what_is_no_toml_has_its_line_in_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings("[project]\n\napp_id = \n")
    assert caught.value.where == "cronshift.toml:3"


def test_keys_of_every_way_of_writing_have_a_line() -> None:
    lines = key_lines(
        '# first\n[a."b.c"]\nx.y = { z = [1, # one\n 2] }\ntext = """\n[no]\nk = 1\n"""\n'
        "[[list]]\nk = 'q'\n[list.deep]\nd = 1979-05-27 07:32:00\n[[list]]\n"
    )
    assert lines["a", "b.c", "x", "y", "z", 1] == 4
    assert lines["list", 0, "deep", "d"] == 12
    assert lines["list", 1] == 13
    assert ("no",) not in lines
    assert nearest_line(lines, ("a", "b.c", "nothing", "there")) == 2


VALUES = st.recursive(
    st.integers() | st.text() | st.booleans() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return {path} | {deeper for key, inner in items for deeper in paths(inner, (*path, key))}


@given(st.dictionaries(st.from_regex(r"[a-z0-9_ .]{1,5}", fullmatch=True), VALUES, max_size=4))
def test_every_key_of_any_document_has_a_line(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)
    lines = key_lines(text)
    assert paths(tomllib.loads(text)) - {()} <= set(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
