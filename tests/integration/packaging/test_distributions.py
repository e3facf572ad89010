"""The wheels of a release: the command, and what a deployed app imports, in environments of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.programs import HERE as PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
WORKER_MEGABYTES = 40


def run(*command: object, cwd: Path | None = None, release: bool = False) -> str:
    """Run a program that has to succeed; return what it printed."""
    variables = {**os.environ, **({"CRONSHIFT_RELEASE": "1"} if release else {})}
    done = subprocess.run(
        [str(word) for word in command],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=variables,
    )
    return done.stdout


def build(out: Path, folder: Path, *, release: bool = False) -> Path:
    options = ("--wheel", "--no-build-isolation", "--quiet", "-o", out)
    run(BIN / "uv", "build", *options, folder, release=release)
    return next(out.glob("*.whl"))


def files_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def runtime_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("runtime"), ROOT / "packages/runtime")


def environment(folder: Path, *requirements: str) -> Path:
    """Make an empty environment that holds these and what they depend on; return its Python."""
    run(BIN / "uv", "venv", "--quiet", folder)
    python = folder / "bin/python"
    run(BIN / "uv", "pip", "install", "--quiet", "--python", python, *requirements)
    return python


def installed(python: Path) -> set[str]:
    listing = run(BIN / "uv", "pip", "list", "--format", "freeze", "--python", python)
    return {line.split("==")[0].split(" @ ")[0] for line in listing.splitlines()}


def megabytes(python: Path) -> float:
    packages = python.parents[1] / "lib"
    return sum(file.stat().st_size for file in packages.rglob("*") if file.is_file()) / 1e6


def test_a_release_is_two_wheels_that_share_no_file(tmp_path: Path, runtime_wheel: Path) -> None:
    whole = build(tmp_path / "whole", ROOT)
    command = build(tmp_path / "release", ROOT, release=True)

    assert not files_of(command) & files_of(runtime_wheel)
    assert files_of(command) | files_of(runtime_wheel) == files_of(whole)
    needs = zipfile.Path(command, f"cronshift-{version()}.dist-info/METADATA").read_text()
    assert f"Requires-Dist: cronshift-runtime=={version()}" in needs


def test_the_command_of_a_release_works_beside_its_runtime(
    tmp_path: Path, runtime_wheel: Path
) -> None:
    command = build(tmp_path / "release", ROOT, release=True)
    python = environment(tmp_path / "venv", str(command), str(runtime_wheel))
    audited = run(python.parent / "cronshift", "-C", ROOT / "examples", "--json", "audit")
    assert '"prediction-check"' in audited
    explained = run(python.parent / "cronshift", "explain", "configuration")
    assert explained.startswith("# cronshift.toml")
    package = "cronshift/targets/typescript/package"
    assert {f"{package}/package.json", f"{package}/src/calls.ts"} <= files_of(command)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, runtime_wheel: Path) -> Path:
    return environment(tmp_path_factory.mktemp("guarded") / "venv", str(runtime_wheel))


@pytest.mark.parametrize(
    ("percent", "answer"), [(0, "worked"), (100, '{"skipped": "owner inngest"}')]
)
def test_a_guard_needs_nothing_but_time_zones(guarded: Path, percent: int, answer: str) -> None:
    epoch = {"effective_at": "2020-01-01T00:00:00Z", "percent": percent, "operation": "first"}
    ownership = {"version": 1, "jobs": {"tick": [epoch]}}
    folder = guarded.parents[2]
    (folder / "cronshift.ownership.json").write_text(json.dumps(ownership))

    assert installed(guarded) == {"cronshift-runtime", "tzdata"}
    assert run(guarded, PROGRAMS / "call_guarded_app.py", cwd=folder).strip() == answer


def test_a_guard_reads_an_address_with_nothing_but_time_zones(
    guarded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = {"effective_at": "2020-01-01T00:00:00Z", "percent": 100, "operation": "first"}

    class Flags(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"version": 1, "jobs": {"tick": [epoch]}}).encode())

    with HTTPServer(("127.0.0.1", 0), Flags) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/item"
        monkeypatch.setenv("CRONSHIFT_OWNERSHIP_URL", url)
        monkeypatch.delenv("CRON_SECRET", raising=False)
        assert (
            run(guarded, PROGRAMS / "call_guarded_app.py").strip() == '{"skipped": "owner inngest"}'
        )
        thread.join()


@pytest.fixture
def worker(tmp_path: Path, runtime_wheel: Path) -> Iterator[str]:
    """Yield the address of a generated package, served with the runtime and the SDK alone."""
    app = tmp_path / "app"
    app.mkdir()
    (app / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/tick", "schedule": "0 5 * * *"}]}'
    )
    run(BIN / "cronshift", "-C", app, "migrate", "--yes", "--target", "python")
    python = environment(tmp_path / "venv", f"{runtime_wheel}[worker,claims]")
    assert not {"typer", "rich", "ast-grep-py", "jinja2"} & installed(python)
    assert megabytes(python) < WORKER_MEGABYTES

    serve = [str(python), "-m", "uvicorn", "inngest_app.asgi:app", "--port", "0"]
    process = subprocess.Popen(
        serve,
        cwd=app,
        env={"PATH": os.environ["PATH"], "INNGEST_DEV": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        addresses = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in process.stderr)
        yield next(address[0] for address in addresses if address)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_a_worker_serves_generated_functions_without_the_command(worker: str) -> None:
    answer = httpx.get(f"{worker}/api/inngest")
    assert answer.status_code == httpx.codes.OK
    assert answer.json()["function_count"] == 2  # the job, and what tells of cancelled runs


def version() -> str:
    return distribution("cronshift").version
