"""Three newcomers, who know nothing but what the tool prints: from a fresh app to a completed run.

Each carries out the first command of every "Next:" line, in the app's folder, until a run completes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).with_name("cronshift")
QUIET = {"CRONSHIFT_BASE_URL", "CRONSHIFT_ENDPOINT", "CRON_SECRET", "INNGEST_DEV", "NO_COLOR"}
VERCEL = json.dumps({"crons": [{"path": "/api/cron/mail", "schedule": "*/10 * * * *"}]})
MOST = 8  # commands

FASTAPI = {
    "vercel.json": VERCEL,
    "requirements.txt": "fastapi\n",
    "api/index.py": """import os

from fastapi import FastAPI, Header, HTTPException

app = FastAPI()


@app.get("/api/cron/mail")
def mail(authorization: str = Header("")) -> dict[str, int]:
    if authorization != f"Bearer {os.environ['CRON_SECRET']}":
        raise HTTPException(401)
    return {"sent": 3}
""",
}
NEXTJS = {
    "vercel.json": VERCEL,
    "package.json": '{"name": "shop", "private": true, "scripts": {"dev": "next dev"},'
    ' "dependencies": {"next": "16.4.6", "react": "19.3.1", "react-dom": "19.3.1"},'
    ' "devDependencies": {"typescript": "5.9.3", "@types/node": "22.20.5", "@types/react": "19.3.0"}}\n',
    "tsconfig.json": '{"compilerOptions": {"strict": true, "module": "esnext", "moduleResolution": "bundler",'
    ' "target": "es2022", "lib": ["dom", "es2022"], "jsx": "preserve", "noEmit": true,'
    ' "esModuleInterop": true, "skipLibCheck": true, "paths": {"@/*": ["./*"]}},'
    ' "include": ["**/*.ts", "**/*.tsx"], "exclude": ["node_modules"]}\n',
    "app/layout.tsx": "export default function Layout({ children }: { children: React.ReactNode }) {\n"
    "  return <html><body>{children}</body></html>;\n}\n",
    "app/api/cron/mail/route.ts": """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json({ sent: 3 });
}
""",
}
SVELTEKIT = {
    "vercel.json": VERCEL,
    "package.json": json.dumps(
        {
            "name": "shop",
            "private": True,
            "type": "module",
            "devDependencies": {
                "@sveltejs/kit": "2.70.4",
                "@sveltejs/vite-plugin-svelte": "7.3.1",
                "svelte": "5.57.3",
                "vite": "8.3.8",
            },
        }
    ),
    "vite.config.js": 'import { sveltekit } from "@sveltejs/kit/vite";\nexport default { plugins: [sveltekit()] };\n',
    "svelte.config.js": "export default {};\n",
    "src/app.html": "<!doctype html><head>%sveltekit.head%</head><body>%sveltekit.body%</body>\n",
    "src/routes/api/cron/mail/+server.js": """export async function GET({ request }) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json({ sent: 3 });
}
""",
}


def linked(source: str, target: str) -> str:
    """Put a file of a package where it is to be, without its bytes where the disk allows that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


class Newcomer:
    """Carries out what is printed, in one folder."""

    def __init__(self, root: Path, node_packages: Path | None) -> None:
        self.root = root
        self.node_packages = node_packages
        self.servers: list[subprocess.Popen[bytes]] = []
        self.commands: list[str] = []
        kept = {name: value for name, value in os.environ.items() if name not in QUIET}
        self.environment = kept | {"COLUMNS": "200"}

    def goes(self) -> str:
        """Follow every "Next:" from the audit on, and return what the completed run printed."""
        command = "cronshift audit"
        while len(self.commands) < MOST:
            text = self.carries_out(command)
            if "completed" in text:
                return text
            told = re.search(r"Next: (.+)", text)
            assert told, f"a dead end behind {command}: {text}"
            command, *others = told[1].split(", then ")
            if not command.removeprefix("CRON_SECRET=only-here ").startswith("cronshift"):
                self.carries_out(command)
                command = others[0]
        raise AssertionError(f"no run completed: {self.commands}")

    def carries_out(self, command: str) -> str:
        """Carry out one command as a shell would, and return what it prints."""
        self.commands.append(command)
        words = shlex.split(command)
        variables = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        program = [word for word in words if not re.match(r"[A-Z_]+=", word)]
        environment = self.environment | variables
        if program[-1] == "install" and self.node_packages is not None:
            there = self.node_packages / "node_modules"
            shutil.copytree(there, self.root / "node_modules", symlinks=True, copy_function=linked)
            return ""
        if program[1:] == ["run", "dev"]:
            self.starts(program, environment)
            return ""
        if program[0] == "cronshift":
            program[0] = str(PROGRAM)
            program += ["--yes"] if program[1] == "migrate" else []
        done = subprocess.run(
            program,
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.stdout + done.stderr

    def starts(self, program: list[str], environment: dict[str, str]) -> None:
        """Start the app in another terminal, and wait until it listens."""
        server = subprocess.Popen(program, cwd=self.root, env=environment, start_new_session=True)
        self.servers.append(server)
        port = int(
            re.findall(r"\d+", (self.root / "package.json").read_text().split('"dev"')[1])[0]
        )
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the app does not start")


@pytest.fixture
def newcomer(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Newcomer]:
    files, needs_node = request.param
    node = request.getfixturevalue("node_packages") if needs_node else None
    for name, text in files.items():
        file = tmp_path / "shop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    somebody = Newcomer(tmp_path / "shop", node)
    yield somebody
    for server in somebody.servers:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


@pytest.mark.parametrize("newcomer", [(FASTAPI, False)], indirect=True)
def test_who_comes_from_fastapi(newcomer: Newcomer) -> None:
    assert '"sent": 3' in newcomer.goes()
    assert newcomer.commands == ["cronshift audit", "CRON_SECRET=only-here cronshift run mail"]
    following = newcomer.carries_out("cronshift migrate --fix")
    assert "Next: cronshift validate" in following
    assert "Next: " in newcomer.carries_out("cronshift validate")


@pytest.mark.node
@pytest.mark.parametrize("newcomer", [(NEXTJS, True)], indirect=True)
def test_who_comes_from_nextjs(newcomer: Newcomer) -> None:
    assert '"sent": 3' in newcomer.goes()
    assert newcomer.commands == [
        "cronshift audit",
        "cronshift migrate",
        "npm install",
        "cronshift validate",
        "CRON_SECRET=only-here cronshift run mail --start",
    ]


@pytest.mark.node
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not here")
@pytest.mark.parametrize("newcomer", [(SVELTEKIT, False)], indirect=True)
def test_who_comes_from_sveltekit(newcomer: Newcomer) -> None:
    assert '"sent": 3' in newcomer.goes()
    assert newcomer.commands == [
        "cronshift audit",
        "cronshift migrate",
        "npm install",
        "cronshift validate",
        "CRON_SECRET=only-here cronshift run mail --start",
    ]
