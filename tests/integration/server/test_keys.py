from __future__ import annotations

import pytest

from cronshift.engine.server.keys import ServerMode, next_steps, require_keys, server_mode
from cronshift.errors import CronshiftError, ExitCode

KEY = "signkey-prod-" + "ab" * 32


def refused(environ: dict[str, str]) -> CronshiftError:
    with pytest.raises(CronshiftError) as caught:
        require_keys(environ, server_mode(environ))
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def test_cloud_mode_without_keys_names_both_variables() -> None:
    error = refused({})
    assert error.reason == "missing-keys"
    assert "INNGEST_SIGNING_KEY and INNGEST_EVENT_KEY are not set" in error.message
    assert "--dev" in (error.hint or "")


def test_only_what_is_missing_is_named() -> None:
    error = refused({"INNGEST_EVENT_KEY": "some-event-key", "INNGEST_SIGNING_KEY": "  "})
    assert "INNGEST_EVENT_KEY" not in error.message


@pytest.mark.parametrize(
    "key", ["hunter2", f"'{KEY}'", f"{KEY}\n", "signkey-prod-", "signkey-ab-abc"]
)
def test_a_signing_key_that_the_sdk_cannot_use_is_told_apart_without_its_value(key: str) -> None:
    error = refused({"INNGEST_SIGNING_KEY": key})
    assert error.reason == "invalid-keys"
    assert key.strip() not in str(error.to_dict())


@pytest.mark.parametrize("key", [KEY, "signkey-branch-00ff", "00ff"])
def test_a_signing_key_alone_is_enough_for_cloud_mode(key: str) -> None:
    require_keys({"INNGEST_SIGNING_KEY": key}, ServerMode.CLOUD)


def test_dev_mode_needs_no_key() -> None:
    environ = {"INNGEST_DEV": "1"}
    require_keys(environ, server_mode(environ))


def test_what_comes_next_in_dev_mode_is_the_dev_server() -> None:
    steps = next_steps(ServerMode.DEV, "http://127.0.0.1:8000/api/inngest", {})
    assert "npx inngest-cli@latest dev -u http://127.0.0.1:8000/api/inngest" in steps[1]


def test_a_dev_server_that_is_named_is_told_of_the_functions() -> None:
    url, environ = "http://127.0.0.1:8000/api/inngest", {"INNGEST_DEV": "http://127.0.0.1:8388"}
    steps = next_steps(ServerMode.DEV, url, environ)
    assert f"cronshift sync --endpoint {url}" in steps[1]


def test_what_comes_next_in_cloud_mode_is_a_sync_at_the_public_address() -> None:
    local = "http://127.0.0.1:8000/api/inngest"
    assert "cronshift sync --endpoint https://YOUR-HOST/api/inngest" in "\n".join(
        next_steps(ServerMode.CLOUD, local, {})
    )
    public = {"INNGEST_SERVE_ORIGIN": "https://jobs.example.com/"}
    assert "cronshift sync --endpoint https://jobs.example.com/api/inngest" in "\n".join(
        next_steps(ServerMode.CLOUD, local, public)
    )
