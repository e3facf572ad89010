"""A Next.js app that is watched: built by Next and started, what its handlers call, and a stand-in for Vercel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
from fastapi import FastAPI, Response
from tests.integration.engine.engines import SERVER
from tests.integration.nextjs.conftest import READY, SECRET, free_port, next_command
from tests.integration.nextjs.typescript_app import TSCONFIG

from cronshift.runtime.ownership import OWNERSHIP_NAME
from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MINUTE = timedelta(minutes=1)
LATE = timedelta(seconds=4)
ROUTE = """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET ?? "?"}`) {
    return new Response("no", { status: 401 });
  }
  const tick = request.headers.get("x-cronshift-tick") ?? "";
  const done = await fetch(`${process.env.OUTSIDE_URL}/done/NAME?tick=${tick}`, { method: "POST" });
  return Response.json(await done.json());
}
"""
POOL = """import { Pool } from "pg";

export const pool = new Pool({ connectionString: process.env.APP_DATABASE_URL });
"""
SETTINGS = """[project]
app_id = "{app_id}"
target = "nextjs"
ledger = true
ownership = "environment"
claims = "lib/db.ts:pool"
"""


class Outside:
    """All that is not the app: what its handlers call, the ownership file's address, and the ledger's worker."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ran: defaultdict[str, list[datetime]] = defaultdict(list)
        app = FastAPI()
        app.post("/done/{name}")(self.done)
        app.get("/ownership")(self.ownership)
        app.add_middleware(TellOwnership)
        self.app = app

    def done(self, name: str, tick: str) -> dict[str, int]:
        """Note for which tick a handler ran; Vercel's calls name none, and come within their minute."""
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        self.ran[name].append(datetime.fromisoformat(tick) if tick else now)
        return {"done": len(self.ran[name])}

    def ownership(self) -> Response:
        return Response((self.root / OWNERSHIP_NAME).read_bytes(), media_type="application/json")


@dataclass
class WatchedApp:
    """A built app, which may be stopped and started again at one address.

    Attributes:
        variables: what it is started with, and every command that is asked about it.
        unanswered: the calls that were not answered as they were to be, with the reason.
    """

    root: Path
    packages: Path
    url: str
    app_id: str
    variables: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    unanswered: dict[datetime, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = next_command(self.packages, "start", "--hostname", "127.0.0.1")
        port = self.url.rpartition(":")[2]
        self.process = subprocess.Popen(
            [*command, "--port", port],
            cwd=self.root,
            env=os.environ | self.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + READY
        while True:
            try:
                httpx.get(self.url, timeout=5)
            except httpx.HTTPError:
                assert self.process.poll() is None, "the app ended"
                assert time.monotonic() < give_up, "the app did not start"
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """Stop it, as a deployment that is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=20)
            self.process = None

    def sync(self) -> None:
        """Register its functions with the server."""
        httpx.put(f"{self.url}/api/inngest", timeout=60).raise_for_status()

    def entries(self) -> list[tuple[str, str]]:
        """Return the paths and schedules that the app's newest configuration has Vercel call."""
        crons = json.loads((self.root / "vercel.json").read_text())["crons"]
        return [(entry["path"], entry["schedule"]) for entry in crons]

    def called_by_vercel(self) -> None:
        """Make the calls of one tick, as Vercel's cron does: once each, whatever comes of it."""
        for path, schedule in self.entries():
            headers = {
                "user-agent": "vercel-cron/1.0",
                "x-vercel-cron-schedule": schedule,
                "authorization": f"Bearer {SECRET}",
            }
            now = datetime.now(UTC)
            try:
                answer = httpx.get(self.url + path, headers=headers, timeout=30, trust_env=False)
            except httpx.HTTPError as error:
                self.unanswered[now] = type(error).__name__
            else:
                if answer.status_code != 200:
                    self.unanswered[now] = (
                        f"{path} answered {answer.status_code}: {answer.text[:200]}"
                    )

    def asked(self, *words: str, code: int | None = 0) -> Any:
        """Return the document that a command of cronshift prints about the app."""
        command = [sys.executable, "-m", "cronshift", "-C", str(self.root), "--json", *words]
        own = os.environ | self.variables
        done = subprocess.run(
            command, env=own, capture_output=True, text=True, check=False, timeout=300
        )
        assert code is None or done.returncode == code, (words, done.stdout, done.stderr)
        return json.loads(done.stdout)


def written(root: Path, app_id: str, names: Sequence[str], settings: str = "") -> None:
    """Write an app with a job of every minute for each name."""
    files = {f"app/api/cron/{name}/route.ts": ROUTE.replace("NAME", name) for name in names}
    crons = [{"path": f"/api/cron/{name}", "schedule": "* * * * *"} for name in names]
    files |= {
        "app/layout.tsx": "export default function Layout({ children }: any) {\n"
        "  return <html><body>{children}</body></html>;\n}\n",
        "app/page.tsx": "export default function Page() {\n  return <p>watched</p>;\n}\n",
        "lib/db.ts": POOL,
        "vercel.json": json.dumps({"crons": crons}, indent=2),
        "package.json": json.dumps(
            {"dependencies": {"inngest": "4.24.0", "next": "16.4.6", "pg": "8.23.1"}}
        ),
        "tsconfig.json": json.dumps({**TSCONFIG, "include": ["**/*.ts", "**/*.tsx"]}),
        "cronshift.toml": SETTINGS.format(app_id=app_id) + settings,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@contextmanager
def folder(packages: Path) -> Iterator[Path]:
    """Give a folder where the packages of the tests are found, as in a workspace."""
    root = packages / "apps" / uuid4().hex
    root.mkdir(parents=True)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def watched_app(root: Path, packages: Path, app_id: str, **variables: str) -> Iterator[WatchedApp]:
    """Give the app in a folder, built, started and registered with the server."""
    url = f"http://127.0.0.1:{free_port()}"
    own = {
        "NEXT_TELEMETRY_DISABLED": "1",
        "CRON_SECRET": SECRET,
        "INNGEST_DEV": SERVER,
        "CRONSHIFT_BASE_URL": url,
        "CRONSHIFT_ASSUME": "variables",
        **variables,
    }
    done = subprocess.run(
        next_command(packages, "build"),
        cwd=root,
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    app = WatchedApp(root, packages, url, app_id, own)
    try:
        app.start()
        app.sync()
        yield app
    finally:
        app.stop()


def wait_until(instant: datetime) -> None:
    """Sleep until an instant has come."""
    time.sleep(max((instant - datetime.now(UTC)).total_seconds(), 0))


def next_minute() -> datetime:
    """Return the tick that comes next."""
    return datetime.now(UTC).replace(second=0, microsecond=0) + MINUTE
