"""The ownership file for those who do not deploy it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.errors import CronshiftError
from cronshift.moving.flags import KEY, Format, export, push_to_edge_config
from cronshift.runtime.held import read_text
from cronshift.runtime.ownership import Epoch, Ownership, dump_ownership, parse_ownership

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNERSHIP = Ownership(
    {"it's": (Epoch(datetime(2026, 11, 24, tzinfo=UTC), 10, "01"),)},
    {"flow": (Epoch(datetime(2026, 11, 24, tzinfo=UTC), 50, "01"),)},
)


def test_the_file_is_exported_as_it_is() -> None:
    assert export(OWNERSHIP, Format.JSON) == dump_ownership(OWNERSHIP)


def test_a_shell_reads_the_variable_back() -> None:
    script = export(OWNERSHIP, Format.ENV) + 'printf %s "$CRONSHIFT_OWNERSHIP"'
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert parse_ownership(read_text({"CRONSHIFT_OWNERSHIP": said.stdout})) == OWNERSHIP


def test_flagd_and_edge_config_hold_the_whole_file() -> None:
    flag = json.loads(export(OWNERSHIP, Format.FLAGD))["flags"][KEY]
    assert flag["state"] == "ENABLED"
    assert parse_ownership(json.dumps(flag["variants"][flag["defaultVariant"]])) == OWNERSHIP
    item = json.loads(export(OWNERSHIP, Format.EDGE_CONFIG))[KEY]
    assert parse_ownership(json.dumps(item)) == OWNERSHIP


@contextmanager
def an_api(status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    """Play Vercel's API on loopback."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            asked.append((self.path, self.headers["authorization"], json.loads(body)))
            answer = b'{"status": "ok"}' if status == 200 else b'{"error": {"message": "no"}}'
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_an_edge_config_gets_one_item() -> None:
    with an_api() as (api, asked):
        asyncio.run(push_to_edge_config(OWNERSHIP, "ecfg_abc1", "t0ken", team="team_1", api=api))
    ((path, authorization, body),) = asked
    assert path == "/v1/edge-config/ecfg_abc1/items?teamId=team_1"
    assert authorization == "Bearer t0ken"
    ((item,),) = [body["items"]]
    assert (item["operation"], item["key"]) == ("upsert", KEY)
    assert parse_ownership(json.dumps(item["value"])) == OWNERSHIP


def test_a_refusal_is_told_without_the_token() -> None:
    with an_api(403) as (api, _), pytest.raises(CronshiftError, match="answered 403: no") as caught:
        asyncio.run(push_to_edge_config(OWNERSHIP, "ecfg_abc1", "t0ken", api=api))
    assert "t0ken" not in str(caught.value)
    with pytest.raises(CronshiftError) as caught:
        asyncio.run(push_to_edge_config(OWNERSHIP, "ecfg_abc1", "t0ken", api="http://127.0.0.1:9"))
    assert caught.value.reason == "api-unreachable"


def test_an_id_can_lead_nowhere_else() -> None:
    with pytest.raises(CronshiftError, match="is no id"):
        asyncio.run(push_to_edge_config(OWNERSHIP, "../../v9/projects", "t0ken"))
