"""The example app, migrated, half cut over, built by Next and started on the loopback."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from cronshift import operations
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project
from cronshift.targets.typescript.library import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[3] / "examples/nextjs"
SECRET = "s3cret"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
READY = 60  # seconds


AMBIENT = """import { headers } from "next/headers";

export async function GET() {
  const given = await headers();
  if (given.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json({ schedule: given.get("x-vercel-cron-schedule") });
}
"""
"""A route that reads the request from Next's surroundings, so that it is called over HTTP only."""


@dataclass
class Upstream:
    """What the app's work asks: remembers what it was asked, and fails what it is told to."""

    url: str
    asked: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class App:
    """A running app."""

    root: Path
    url: str
    upstream: Upstream


@contextmanager
def upstream_server() -> Iterator[Upstream]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").partition("?")[0]
            upstream.asked.append(self.path)
            body = json.dumps({"of": name}).encode()
            self.send_response(503 if name in upstream.broken else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    upstream = Upstream(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def example_app(packages: Path) -> Iterator[Path]:
    """Give a copy of the example where its packages are found, as in a workspace."""
    root = packages / "apps" / uuid4().hex
    shutil.copytree(EXAMPLE, root)
    try:
        yield root
    finally:
        shutil.rmtree(root)


@contextmanager
def library(packages: Path) -> Iterator[Path]:
    """Give a folder with the library alone, as no app has it, where its packages are found."""
    root = packages / "apps" / uuid4().hex
    shutil.copytree(PACKAGE / "src", root / "cronshift")
    try:
        yield root
    finally:
        shutil.rmtree(root)


def next_command(packages: Path, *arguments: str) -> list[str]:
    return ["node", str(packages / "node_modules/next/dist/bin/next"), *arguments]


def environment(**variables: str) -> dict[str, str]:
    return {
        **os.environ,
        "NEXT_TELEMETRY_DISABLED": "1",
        "INNGEST_DEV": "1",
        "CRON_SECRET": SECRET,
        **variables,
    }


def build(root: Path, packages: Path) -> None:
    done = subprocess.run(
        next_command(packages, "build"),
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def started(root: Path, packages: Path, upstream: Upstream, **variables: str) -> Iterator[App]:
    """Start what is built, with other variables where they are given."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    process = subprocess.Popen(
        next_command(packages, "start", "--port", str(port), "--hostname", "127.0.0.1"),
        cwd=root,
        env=environment(
            **{
                "UPSTREAM_URL": upstream.url,
                "CRONSHIFT_BASE_URL": url,
                "PREDICTIONS_PING_URL": f"{upstream.url}/ping?key=hush",
                **variables,
            }
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        give_up = time.monotonic() + READY
        while True:
            try:
                httpx.get(url, timeout=5)
                break
            except httpx.HTTPError:
                assert process.poll() is None, "the app ended"
                assert time.monotonic() < give_up, "the app did not start"
                time.sleep(0.1)
        yield App(root, url, upstream)
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def built_app(node_packages: Path) -> Iterator[App]:
    """The example: all of prediction-check is Inngest's, half of session-recovery, nothing else.

    Beside its jobs stands one more, whose route is called over HTTP. It can tell a ledger, and hold another file
    than the one that is built in; neither is set where it is started here.
    """
    with example_app(node_packages) as root:
        (root / "app/api/cron/ambient").mkdir()
        (root / "app/api/cron/ambient/route.ts").write_text(AMBIENT)
        config = json.loads((root / "vercel.json").read_text())
        config["crons"].append({"path": "/api/cron/ambient?x=%2F", "schedule": "0 9 * * *"})
        (root / "vercel.json").write_text(json.dumps(config))
        settings = (root / "cronshift.toml").read_text()
        told = '[project]\nledger = true\nownership = "environment"\n'
        (root / "cronshift.toml").write_text(settings.replace("[project]\n", told))
        migration = prepare_migration(load_project(root), (), LONG_AGO)
        operations.apply(root, migration.operation)
        for job, percent in (("prediction-check", 100), ("session-recovery", 50)):
            moved = prepare_cutover(load_project(root), [job], LONG_AGO, percent=percent)
            operations.apply(root, moved.operation)
        build(root, node_packages)
        with upstream_server() as upstream, started(root, node_packages, upstream) as app:
            yield app
