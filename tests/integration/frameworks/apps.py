"""Apps of the frameworks, one a folder beside this file: copied, moved, built, started."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest
from filelock import FileLock
from tests.integration.inngest_runs import SERVER

from cronshift import operations
from cronshift.moving.cutover import prepare_cutover
from cronshift.moving.migration import prepare_migration
from cronshift.project import load_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

HERE = Path(__file__).parent
SECRET = "s3cret"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
READY = 90  # seconds
_MADE = frozenset(
    {"node_modules", "apps", ".svelte-kit", ".astro", ".nuxt", ".nitro", ".output", "build"}
)
_MADE_TOO = frozenset(
    {".cronshift", ".git", ".react-router", ".vercel", "dist", ".installed", ".vite", ".vinxi"}
)


@dataclass(frozen=True)
class Kit:
    """A framework's app, and the commands for it.

    Attributes:
        name: of its folder.
        endpoint: the file that serves its functions.
        guard: the file of the dispatcher's route for ``/api/jobs/nightly``.
        bridged: the jobs whose handlers need the framework.
        checking: the scripts below node_modules that check its types.
        building: that builds it; none where what is written runs.
        starting: that starts what is built, given a port.
        variables: of its environment when it is started, given a port.
        route: of ``/api/cron/echo``.
        is_coded: whether its routes are declared in code, so that they stay where they are.
        worked: the jobs whose work becomes their functions' in the end.
        edited: the app's own modules that change.
        shares: the app whose installed packages it stands on; its own where empty.
    """

    name: str
    endpoint: str
    guard: str
    route: str
    checking: Sequence[Sequence[str]]
    building: Sequence[str]
    starting: Callable[[int], Sequence[str]]
    bridged: frozenset[str] = frozenset()
    is_coded: bool = False
    worked: frozenset[str] = frozenset({"echo", "gone"})
    edited: frozenset[str] = frozenset()
    shares: str = ""
    variables: Callable[[int], Mapping[str, str]] = field(default=lambda _: {})

    @property
    def folder(self) -> Path:
        return HERE / self.name

    @property
    def installed(self) -> Path:
        """The folder with its packages, and nothing else that a compiler could find."""
        return HERE / ".installed" / (self.shares or self.name)


SVELTEKIT = Kit(
    "sveltekit",
    "src/routes/api/inngest/+server.ts",
    "src/routes/api/cronshift/api/jobs/nightly/+server.ts",
    "src/routes/api/cron/echo/+server.ts",
    checking=[["@sveltejs/kit/svelte-kit.js", "sync"], ["svelte-check/bin/svelte-check"]],
    building=["vite/bin/vite.js", "build"],
    starting=lambda port: [
        "vite/bin/vite.js", "preview", "--port", f"{port}", "--strictPort", "--host", "127.0.0.1"
    ],
    bridged=frozenset({"local"}),
)  # fmt: skip
ASTRO = Kit(
    "astro",
    "src/pages/api/inngest.ts",
    "src/pages/api/cronshift/api/jobs/nightly.ts",
    "src/pages/api/cron/echo.ts",
    checking=[["astro/astro.js", "check"]],
    building=["astro/astro.js", "build"],
    starting=lambda _: ["dist/server/entry.mjs"],
    bridged=frozenset({"local"}),
    variables=lambda port: {  # it takes itself for localhost
        "HOST": "127.0.0.1",
        "INNGEST_SERVE_ORIGIN": f"http://127.0.0.1:{port}",
    },
)
FUNCTIONS = Kit(
    "functions",
    "api/inngest.ts",
    "api/cronshift/api/jobs/nightly.ts",
    "api/cron/echo.ts",
    checking=[["typescript/bin/tsc", "--noEmit"]],
    building=["typescript/bin/tsc"],
    starting=lambda _: ["serve.mjs"],
    bridged=frozenset({"local"}),
)
REACT_ROUTER = Kit(
    "react-router",
    "app/routes/api.inngest.ts",
    "app/routes/api.cronshift.api.jobs.nightly.ts",
    "app/routes/api.cron.echo.ts",
    checking=[["@react-router/dev/bin.js", "typegen"], ["typescript/bin/tsc"]],
    building=["@react-router/dev/bin.js", "build"],
    starting=lambda _: ["@react-router/serve/bin.js", "build/server/index.js"],
    bridged=frozenset({"local"}),
    variables=lambda _: {"HOST": "127.0.0.1"},
)
NUXT = Kit(
    "nuxt",
    "server/api/inngest.ts",
    "server/api/cronshift/api/jobs/nightly.ts",
    "server/api/cron/echo.get.ts",
    checking=[
        ["nuxt/bin/nuxt.mjs", "prepare"],
        ["typescript/bin/tsc", "-p", ".nuxt/tsconfig.server.json", "--noEmit"],
    ],
    building=["nuxt/bin/nuxt.mjs", "build"],
    starting=lambda _: [".output/server/index.mjs"],
    variables=lambda _: {"HOST": "127.0.0.1"},
)
NITRO = Kit(
    "nitro",
    "server/routes/api/inngest.ts",
    "server/routes/api/cronshift/api/jobs/nightly.ts",
    "server/routes/api/cron/echo.get.ts",
    checking=[
        ["nitropack/dist/cli/index.mjs", "prepare"],
        ["typescript/bin/tsc", "-p", ".", "--noEmit"],
    ],
    building=["nitropack/dist/cli/index.mjs", "build"],
    starting=lambda _: [".output/server/index.mjs"],
    shares="nuxt",
    variables=lambda _: {"HOST": "127.0.0.1"},
)
REMIX = Kit(
    "remix",
    "app/routes/api.inngest.ts",
    "app/routes/api.cronshift.api.jobs.nightly.ts",
    "app/routes/api.cron.echo.ts",
    checking=[["typescript/bin/tsc"]],
    building=["@remix-run/dev/dist/cli.js", "vite:build"],
    starting=lambda _: ["@remix-run/serve/dist/cli.js", "build/server/index.js"],
    bridged=frozenset({"local"}),
    variables=lambda _: {"HOST": "127.0.0.1"},
)
SOLIDSTART = Kit(
    "solidstart",
    "src/routes/api/inngest.ts",
    "src/routes/api/cronshift/api/jobs/nightly.ts",
    "src/routes/api/cron/echo.ts",
    checking=[["typescript/bin/tsc"]],
    building=["vinxi/bin/cli.mjs", "build"],
    starting=lambda _: [".output/server/index.mjs"],
    bridged=frozenset({"local"}),
    variables=lambda _: {"HOST": "127.0.0.1"},
)
TANSTACK = Kit(
    "tanstack",
    "src/routes/api/inngest.ts",
    "src/routes/api/cronshift/api/jobs/nightly.ts",
    "src/routes/api/cron/echo.ts",
    checking=[["typescript/bin/tsc"]],
    building=["vite/bin/vite.js", "build"],
    starting=lambda port: [
        "srvx/bin/srvx.mjs", "--prod", "--host", "127.0.0.1", "--port", f"{port}", "dist/server/server.js"
    ],
    worked=frozenset({"echo", "gone"}),
)  # fmt: skip
HONO = Kit(
    "hono",
    "src/inngest/routes/endpoint.ts",
    "src/inngest/routes/guarded/api/jobs/nightly.ts",
    "src/index.ts",
    checking=[["typescript/bin/tsc", "-p", ".", "--noEmit"]],
    building=["typescript/bin/tsc", "-p", "."],
    starting=lambda _: ["dist/server.js"],
    is_coded=True,
    worked=frozenset({"gone"}),
    edited=frozenset({"src/index.ts"}),
)
EXPRESS = Kit(
    "express",
    "src/inngest/routes/endpoint.ts",
    "src/inngest/routes/guarded/api/jobs/nightly.ts",
    "src/index.ts",
    checking=[["typescript/bin/tsc", "-p", ".", "--noEmit"]],
    building=["typescript/bin/tsc", "-p", "."],
    starting=lambda _: ["dist/server.js"],
    is_coded=True,
    worked=frozenset({"gone"}),
    edited=frozenset({"src/app.ts"}),
)
EXPRESS_COMMONJS = Kit(
    "express-commonjs",
    "src/inngest/routes/endpoint.js",
    "src/inngest/routes/guarded/api/jobs/nightly.js",
    "src/index.js",
    checking=(),
    building=(),
    starting=lambda _: ["src/server.js"],
    is_coded=True,
    worked=frozenset({"gone"}),
    edited=frozenset({"src/app.js"}),
    shares="express",
)
NESTJS = Kit(
    "nestjs",
    "src/inngest/routes/endpoint.ts",
    "src/inngest/routes/guarded/api/jobs/nightly.ts",
    "src/main.ts",
    checking=[["typescript/bin/tsc", "-p", ".", "--noEmit"]],
    building=["typescript/bin/tsc", "-p", "."],
    starting=lambda _: ["dist/main.js"],
    is_coded=True,
    worked=frozenset(),
    edited=frozenset({"src/main.ts"}),
)
FASTIFY = Kit(
    "fastify",
    "inngest/routes/endpoint.ts",
    "inngest/routes/guarded/api/jobs/nightly.ts",
    "index.ts",
    checking=[["typescript/bin/tsc", "-p", ".", "--noEmit"]],
    building=["typescript/bin/tsc", "-p", "."],
    starting=lambda _: ["dist/index.js"],
    is_coded=True,
    worked=frozenset({"gone"}),
    edited=frozenset({"index.ts"}),
)
KOA = Kit(
    "koa",
    "src/inngest/routes/endpoint.ts",
    "src/inngest/routes/guarded/api/jobs/nightly.ts",
    "src/index.ts",
    checking=[["typescript/bin/tsc", "-p", ".", "--noEmit"]],
    building=["typescript/bin/tsc", "-p", "."],
    starting=lambda _: ["dist/server.js"],
    is_coded=True,
    worked=frozenset({"echo", "gone"}),
    edited=frozenset({"src/index.ts"}),
)
NESTJS_ON_FASTIFY = Kit(
    "nestjs-fastify",
    "src/inngest/routes/endpoint.ts",
    "src/inngest/routes/guarded/api/jobs/nightly.ts",
    "src/main.ts",
    checking=[["typescript/bin/tsc", "-p", ".", "--noEmit"]],
    building=["typescript/bin/tsc", "-p", "."],
    starting=lambda _: ["dist/main.js"],
    is_coded=True,
    worked=frozenset(),
    edited=frozenset({"src/main.ts"}),
)
KITS = (
    SVELTEKIT, ASTRO, NUXT, NITRO, REACT_ROUTER, REMIX, SOLIDSTART, TANSTACK, HONO, EXPRESS, EXPRESS_COMMONJS, NESTJS, NESTJS_ON_FASTIFY, FASTIFY, KOA, FUNCTIONS,
)  # fmt: skip


def installed(kit: Kit) -> Path:
    """Install what the app's lock file says, once for all processes; its folder."""
    if not (shutil.which("node") and shutil.which("npm")):
        if os.environ.get("CRONSHIFT_REQUIRE_NODE") == "1":
            pytest.fail("Node.js and npm are required here and were not found")
        pytest.skip("Node.js and npm are not here")
    source = HERE / (kit.shares or kit.name)
    lock, stamp = source / "package-lock.json", kit.installed / "node_modules/.installed"
    kit.installed.mkdir(parents=True, exist_ok=True)
    with FileLock(kit.installed / ".installing.lock"):
        if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(source / name, kit.installed / name)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=kit.installed, check=True, capture_output=True)
            stamp.write_bytes(lock.read_bytes())
    return kit.installed


def copied(kit: Kit, root: Path) -> Path:
    """Give a copy of the app without what is installed and made."""
    shutil.copytree(kit.folder, root, ignore=lambda _, names: _MADE.intersection(names))
    return root


def with_entry(root: Path, path: str, schedule: str) -> None:
    """Add an entry to an app's ``vercel.json``."""
    config = root / "vercel.json"
    document = json.loads(config.read_text())
    document["crons"].append({"path": path, "schedule": schedule})
    config.write_text(json.dumps(document, indent=2))


@contextmanager
def installed_copy(kit: Kit) -> Iterator[Path]:
    """Give a copy where its packages are found, as in a workspace."""
    root = installed(kit) / "apps" / uuid4().hex
    copied(kit, root)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not (_MADE | _MADE_TOO) & set(file.relative_to(root).parts)
    }


def migrated(root: Path, now: datetime = LONG_AGO) -> None:
    operations.apply(root, prepare_migration(load_project(root), (), now).operation)


def handed_over(root: Path, jobs: Sequence[str] = ()) -> None:
    """Hand jobs over by and by: 10, 50 and 100 per cent."""
    for weeks, percent in enumerate((10, 50, 100)):
        now = LONG_AGO + timedelta(weeks=weeks)
        cutover = prepare_cutover(load_project(root), jobs, now, percent=percent)
        operations.apply(root, cutover.operation)


def ran(kit: Kit, root: Path, script: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a script of an installed package in the app."""
    command = ["node", str(kit.installed / "node_modules" / script[0]), *script[1:]]
    return subprocess.run(
        command, cwd=root, env=environment(), capture_output=True, text=True, check=False
    )


def environment(**variables: str) -> dict[str, str]:
    quiet = {"ASTRO_TELEMETRY_DISABLED": "1", "NUXT_TELEMETRY_DISABLED": "1", "CI": "1"}
    return {**os.environ, **quiet, "INNGEST_DEV": SERVER or "1", "CRON_SECRET": SECRET, **variables}


@contextmanager
def started(kit: Kit, root: Path, **others: str) -> Iterator[str]:
    """Start what is built on the loopback, with more variables; its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    script = kit.starting(port)
    command = ["node", *_found(kit, script)]
    variables = environment(CRONSHIFT_BASE_URL=url, PORT=f"{port}", **kit.variables(port), **others)
    process = subprocess.Popen(
        command, cwd=root, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        give_up = time.monotonic() + READY
        while True:
            try:
                httpx.get(f"{url}/api/inngest", timeout=5)
                break
            except httpx.HTTPError:
                assert process.poll() is None, "the app ended"
                assert time.monotonic() < give_up, "the app did not start"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _found(kit: Kit, script: Sequence[str]) -> list[str]:
    """Return a script with its file: of an installed package, else of what is built."""
    package = kit.installed / "node_modules" / script[0]
    return [str(package) if package.is_file() else script[0], *script[1:]]
