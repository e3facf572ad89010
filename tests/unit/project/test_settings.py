from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.errors import ConfigError
from cronshift.model import (
    FanOut,
    FanOutMode,
    HandlerKind,
    JobOptions,
    Mode,
    RateLimit,
    RowSource,
    Throttle,
)
from cronshift.project.settings import load_settings, parse_settings
from cronshift.project.settings_schema import SCHEMA
from cronshift.project.thresholds import Metric
from cronshift.runtime.schedule.durations import format_duration, parse_duration

DOCS = Path(__file__).parents[3] / "docs" / "configuration.md"

EVERYTHING = """
[project]
app_id = "shop"
vercel_config = "apps/web/vercel.json"
target = "python"
out = "src/jobs"
mode = "bridge"

[bridge]
base_url = "https://shop.example"
base_url_env = "SHOP_URL"
secret_env = "SHOP_SECRET"
timeout = "5m"

[defaults]
retries = 5
concurrency = false

[jobs.nightly]
path = "/api/report?kind=nightly"
vercel_schedule = "0 2 * * *"
schedule = "TZ=Europe/Paris 30 2 * * *"
mode = "direct"
handler = "reports:run"
handler_kind = "callable"
start_timeout = "1h"
finish_timeout = false
throttle = { limit = 10, period = "1m", burst = 2, key = "event.data.cron" }
rate_limit = { limit = 1, period = "1h" }
idempotency = "event.data.cron"
jitter = "30s"
stale_after = "1h30m"
heartbeat = "NIGHTLY_URL"
fan_out = { param = "model", values = ["a", "b"], mode = "parallel" }
"""


def test_a_fan_out_is_over_values_or_over_rows() -> None:
    text = """
    [jobs.a]
    fan_out = { items = "lib/models:active", key = "id", expected = 50, param = "m", mode = "runs" }
    [jobs.b]
    fan_out = { items = "app.models:active", param = "m" }
    """
    jobs = parse_settings(text).jobs
    assert jobs["a"].options["fan_out"] == FanOut(
        "m", RowSource("lib/models:active", "id", 50), FanOutMode.RUNS
    )
    assert jobs["b"].options["fan_out"] == FanOut("m", RowSource("app.models:active"))


def test_every_key_is_read_into_its_type() -> None:
    settings = parse_settings(EVERYTHING)
    job = settings.jobs["nightly"]
    assert (settings.app_id, settings.out, settings.mode) == ("shop", "src/jobs", Mode.BRIDGE)
    assert settings.bridge.timeout == timedelta(minutes=5)
    assert (job.mode, job.handler_kind) == (Mode.DIRECT, HandlerKind.CALLABLE)
    assert job.over(settings.defaults) == JobOptions(
        retries=5,
        start_timeout=timedelta(hours=1),
        finish_timeout=None,
        concurrency=None,
        throttle=Throttle(10, timedelta(minutes=1), "event.data.cron", 2),
        rate_limit=RateLimit(1, timedelta(hours=1)),
        idempotency="event.data.cron",
        jitter=timedelta(seconds=30),
        fan_out=FanOut("model", ("a", "b"), FanOutMode.PARALLEL),
        heartbeat_env="NIGHTLY_URL",
        stale_after=timedelta(minutes=90),
    )


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path).defaults == JobOptions()


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings(tmp_path, tmp_path / "other.toml")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(
            "[project]\nout = '../up'\nnope = 1\n[defaults]\nretries = 21\nfinish_timeout = 'soon'\n"
        )
    for part in (
        "line 3: `project` has an unknown key nope",
        "`project.out`",
        "`defaults.retries`",
        "'soon'",
    ):
        assert part in caught.value.message


@pytest.mark.parametrize(
    "line",
    [
        "out = '/abs'",
        "out = 'a/../b'",
        "out = 'a b'",
        "app_id = 'Nope'",
        "app_id = ''",
        "target = 'cobol'",
    ],
)
def test_what_would_leave_the_project_or_break_an_id_is_refused(line: str) -> None:
    with pytest.raises(ConfigError):
        parse_settings(f"[project]\n{line}\n")


def test_text_that_is_no_toml_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match="line 2"):
        parse_settings("[project]\napp_id = \n")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cronshift.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_settings(text)
    except ConfigError as error:
        assert error.message


@given(st.integers(1, 10_000_000).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_duration_is_read_back_as_written(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "-1m", "0s", "1m1h", "15 m", "1w"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


def test_every_key_is_documented() -> None:
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", DOCS.read_text(), re.MULTILINE)
    documented = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    tables = SCHEMA["properties"]
    plain = ("project", "bridge", "defaults", "rollout", "sessions", "validate")
    keys = {key for name in plain for key in tables[name]["properties"]}
    keys |= set(tables["rollout"]["properties"]["failures"]["properties"])
    keys |= set(tables["jobs"]["additionalProperties"]["properties"])
    for name in ("jobs", "environments"):
        keys |= set(tables[name]["additionalProperties"]["properties"])
    assert documented == keys


def test_the_documented_example_is_valid() -> None:
    block = re.search(r"```toml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert block
    assert tomllib.loads(block[1])
    assert parse_settings(block[1]).jobs["nightly-report"].handler == "reports.nightly:run"


def test_settings_that_are_nested_without_end_are_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="nested too deeply"):
        parse_settings(f"x = {'[' * 5000}")


def test_a_job_has_thresholds_of_its_own_over_those_of_all() -> None:
    settings = parse_settings(
        "[rollout]\nlate = '1m'\nobserved = 5\n[rollout.failures]\nacceptable = 0.02\n"
        "[jobs.mail.rollout]\nobserved = 9\n[jobs.mail.rollout.failures]\nfailure_limit = 2\n"
        "[jobs.other]\nretries = 1\n"
    )
    mail, other = settings.thresholds("mail"), settings.thresholds("other")
    assert (mail.late, mail.observed) == (timedelta(minutes=1), 9)
    failures = mail.tolerances[Metric.FAILURES]
    assert (failures.acceptable, failures.failure_limit) == (0.02, 2)
    assert other == settings.thresholds("unknown") == settings.rollout
