"""The commands that try a job here, before anything of it moves."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cronshift.model import Mode
from cronshift.moving.next_step import NextStep
from cronshift.project.inngest_sdk import SDK, sdk_of, version_installed
from cronshift.project.locks import install_command, lock_of, range_of
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_text
from cronshift.targets import target_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.model import Job, Plan
    from cronshift.project import Project

_PORTS = {"@sveltejs/kit": 5173, "astro": 4321, "@remix-run/react": 5173, "vite": 5173}
_USUAL_PORT = 3000
_VERCELS_OWN = "npx vercel dev"  # at the same port
_PORT = lazy_pattern(r"(?:--port|-p)[ =](\d+)|\bPORT=(\d+)")
_ASKING = frozenset(
    {"cron-secret", "cron-secret-constant-time", "bearer-undefined", "written-secret"}
)


def trial(project: Project, plan: Plan, job: Job) -> Iterator[NextStep]:
    """Yield the steps that run one job here, with the secret that its route asks for."""
    command = target_named(plan.target).trial(plan).replace("JOB", job.id)
    secret = _secret(project, plan, job)
    if "ADDRESS" in command:
        served, there = _dev_server(project)
        start = f"{secret}INNGEST_DEV=1 {served or _VERCELS_OWN}"
        yield NextStep(start, "in another terminal: the functions are served there")
        command = command.replace("ADDRESS", there)
    if job.mode is Mode.BRIDGE and command == f"cronshift run {job.id}":
        address = os.environ.get(plan.bridge.base_url_env) or plan.bridge.base_url
        if address is None:
            served, address = _dev_server(project)
            if served is not None:
                yield NextStep(
                    f"{secret}{served}", f"in another terminal: {job.id} is called there"
                )
            command += f" --base-url {address}"
    yield NextStep(f"{secret}{command}", "one real run, step by step")


def _secret(project: Project, plan: Plan, job: Job) -> str:
    """Return the secret to set for a trial, where the route asks for it and nothing sets it."""
    name = plan.bridge.secret_env
    asks = job.handler is None or job.handler.auth in _ASKING
    pattern = re.compile(rf"^[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*=[ \t]*\S", re.MULTILINE)
    files = [file for file in project.root.glob(".env*") if is_regular(file)]
    is_set = bool(os.environ.get(name)) or any(pattern.search(read_text(file)) for file in files)
    return f"{name}=only-here " if asks and not is_set and job.handler is not None else ""


def _dev_server(project: Project) -> tuple[str | None, str]:
    """Return the app's own dev command, as far as package.json names it, and its address."""
    root = project.root / project.resolver().app
    package = _json(root / "package.json")
    scripts, dependencies = package.get("scripts"), {}
    for kind in ("dependencies", "devDependencies"):
        table = package.get(kind)
        dependencies.update(table if isinstance(table, dict) else {})
    script = scripts.get("dev") if isinstance(scripts, dict) else None
    named = _PORT.search(script) if isinstance(script, str) else None
    usual = next((port for name, port in _PORTS.items() if name in dependencies), _USUAL_PORT)
    port = int(named[1] or named[2]) if named else usual
    manager = install_command(root).partition(" ")[0]
    start = f"{manager} run dev" if isinstance(script, str) else None
    return start, f"http://localhost:{port}"


def missing_install(project: Project) -> str | None:
    """Return the command that installs the app's packages, where the SDK is asked for and not there."""
    resolver = project.resolver()
    root = project.root / resolver.app
    if sdk_of(resolver.tree, resolver.app) is None:
        return None
    lock, wanted = lock_of(root), range_of(root, SDK)
    is_locked = lock is None or (wanted is not None and lock.version_of(SDK, wanted) is not None)
    if is_locked and version_installed(root, SDK) is not None:
        return None
    return install_command(root)


def _json(file: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        document = json.loads(read_text(file).removeprefix("\ufeff")) if is_regular(file) else {}
        return document if isinstance(document, dict) else {}
    return {}
