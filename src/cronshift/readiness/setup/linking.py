"""LINK: what an environment is called and where it is, kept in cronshift.toml for every later command."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeGuard

from msgspec import Struct

from cronshift.model import ServedBy
from cronshift.operations import ChangeKind, Edit, Intent, Seen, build_operation
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.project.environments import PRODUCTION
from cronshift.project.settings import parse_settings
from cronshift.project.settings_edit import editable_settings, set_environment
from cronshift.readiness.subject import Subject
from cronshift.readiness.variables import names_set
from cronshift.runtime.regular_files import is_regular, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from cronshift.model import Plan
    from cronshift.operations import Operation
    from cronshift.project import Project

_TEAM = re.compile(r"team_\w+")
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_HIGHEST = 8  # folders above
_OPTIONS = {
    "app": "--app URL",
    "endpoint": "--endpoint URL",
    "vercel_project": "--vercel-project ID, or: vercel link",
}


class Link(Struct, frozen=True):
    """A link that is to be written.

    Attributes:
        values: of its table in cronshift.toml.
        sources: where those come from that were not named.
        missing: what is still to be named, each with the option that names it.
        seen: the variables that are set here or in a ``.env`` file, and where; by name only.
    """

    operation: Operation
    values: Mapping[str, str]
    sources: Mapping[str, str]
    missing: Mapping[str, str]
    seen: Mapping[str, str]


def prepare_link(
    project: Project, plan: Plan, name: str, named: Mapping[str, str], now: datetime
) -> Link:
    """Return the operation that links an environment.

    Args:
        project: whose.
        plan: its plan.
        name: the environment's.
        named: what the user named, by the keys of the table.
        now: the present instant.

    Raises:
        ConfigError: for a value that is not what its key takes, in words.
        RefusedError: if cronshift.toml cannot be edited.
    """
    by_hand = f"Write [environments.{name}] into it by hand."
    file, on_disk = editable_settings(project, "an environment", by_hand)
    text = (on_disk or b"").decode()
    table = parse_settings(text, file).environments.get(name)
    linked = {
        key: str(value)
        for key in ("app", "endpoint", "vercel_project", "vercel_team", "inngest_env")
        if table is not None and (value := getattr(table, key)) is not None
    }
    chosen = {**linked, **named}
    shown = {
        key: (value, source)
        for key, value, source in _shown(project, plan, name, chosen)
        if key not in chosen
    }
    values = {key: value for key, (value, _) in shown.items()} | dict(named)
    after = set_environment(text, name, values) if values else text
    parse_settings(after, file)
    edit = Edit(
        file, after.encode(), ChangeKind.EDIT_CONFIG, f"{file}: {name}", based_on=Seen(on_disk)
    )
    operation = build_operation(
        project.root, f"link {name}", [edit] if values else [], now, intent=Intent.LINK
    )
    whole = linked | values
    return Link(
        operation,
        values,
        {key: source for key, (_, source) in shown.items()},
        {key: option for key, option in _OPTIONS.items() if key not in whole},
        names_set(Subject(project, plan, plan.runnable, now)),
    )


def _shown(
    project: Project, plan: Plan, name: str, chosen: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield the values that the project itself shows: a key, its value, and the place."""
    app = chosen.get("app")
    if app is None and name == PRODUCTION and plan.bridge.base_url is not None:
        app = plan.bridge.base_url
        yield "app", app, "base_url under [bridge]"
    if app is not None and (path := own_endpoint(project, plan)) is not None:
        yield "endpoint", app.rstrip("/") + path, "the app's address"
    for folder in dict.fromkeys((project.root / (project.app or ""), project.root)):
        linked = linked_folder(folder) or linked_repository(folder)
        if linked is not None:
            project_id, owner, file = linked
            yield "vercel_project", project_id, file
            if _TEAM.fullmatch(owner):
                yield "vercel_team", owner, file
            return


def own_endpoint(project: Project, plan: Plan) -> str | None:
    """Return the path at which the app itself serves the functions; nothing where a worker does."""
    path = next((path for path in plan.called_paths if path.endswith(ENDPOINT)), None)
    return None if project.settings.serve is ServedBy.WORKER else path


def linked_folder(folder: Path) -> tuple[str, str, str] | None:
    """Return the link that ``vercel link`` wrote into a folder: the project, its owner, the file."""
    document = _document(folder / ".vercel" / "project.json")
    project_id, owner = document.get("projectId"), document.get("orgId")
    if not _is_id(project_id):
        return None
    return project_id, owner if _is_id(owner) else "", ".vercel/project.json"


def linked_repository(folder: Path) -> tuple[str, str, str] | None:
    """Return the link that ``vercel link --repo`` wrote above a folder of a monorepo."""
    here = folder.resolve()
    for above in (here, *here.parents[:_HIGHEST]):
        document = _document(above / ".vercel" / "repo.json")
        projects = document.get("projects")
        for linked in projects if isinstance(projects, list) else ():
            project_id = linked.get("id") if isinstance(linked, dict) else None
            if not _is_id(project_id):
                continue
            if (above / str(linked.get("directory", ""))).resolve() == here:
                owner = linked.get("orgId", document.get("orgId"))
                return project_id, owner if _is_id(owner) else "", ".vercel/repo.json"
        if (above / ".git").exists():
            break
    return None


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(read_text(file)) if is_regular(file) else {}
    except (ValueError, OSError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
