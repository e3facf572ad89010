"""The flow's side of an app in TypeScript: its functions in TypeScript, and the tables that they need."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.errors import ConfigError, CronshiftError
from cronshift.handlers.tree import SourceTree
from cronshift.operations import Edit, Seen
from cronshift.operations.files import content, inside
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.runtime.ownership import OWNERSHIP_NAME, Ownership, dump_ownership
from cronshift.targets.changes import compare, edits
from cronshift.targets.registry import generate
from cronshift.targets.scaffold.client import own_client
from cronshift.targets.scaffold.exhaustive import code_label
from cronshift.targets.scaffold.page import page
from cronshift.targets.scaffold.prisma import find_schemas
from cronshift.targets.scaffold.requesting import creations
from cronshift.targets.scaffold.rewriting import House, requested
from cronshift.targets.scaffold.schema import SchemaSource
from cronshift.targets.scaffold.schema.prisma import generated_client
from cronshift.targets.seal import is_untouched
from cronshift.targets.target import GeneratedFile
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.client import client_import
from cronshift.targets.typescript.files import naming_files
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.library import copied, library_import
from cronshift.targets.typescript.placing import is_module
from cronshift.targets.typescript.sessions import (
    DatabaseImport,
    Driver,
    SessionApp,
    app_side,
    generate_sessions,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from cronshift.model import Plan
    from cronshift.project.conventions.code import Alias
    from cronshift.sessions.settings import SessionSettings
    from cronshift.targets.scaffold.client import OwnClient
    from cronshift.targets.scaffold.rendering import Flow
    from cronshift.targets.scaffold.schema import AppSchema, Model

_WORK = tuple(f"/sessions/work.{language}" for language in ("ts", "js"))
_INDEX = tuple(f"/functions/index.{language}" for language in ("ts", "js"))


def session_edits(root: Path, flow: Flow, target: str, *, force: bool) -> list[Edit]:
    """Return the edits that write the flow, and that have its functions served.

    Files that follow cronshift.toml are written anew when it says something else; the app's own
    (``connection.ts``, ``work.ts``, the migration) are written once.

    Args:
        root: the project's folder.
        flow: what is written.
        target: the name of the target that is asked for it.
        force: overwrite what was changed by hand, with a copy beside it.

    Raises:
        ConfigError: when cronshift.toml maps no sessions.
        CronshiftError: for an app that functions cannot be generated for, or a flow whose functions
            would have a job's id.
        RefusedError: when files were changed by hand, without ``force``.
    """
    names, settings = flow.names, flow.settings
    if settings is None:
        raise ConfigError("cronshift.toml has no [sessions] that can be read.", where="sessions")
    project = load_project(root)
    plan = make_plan(replace(project, settings=replace(project.settings, target=target)))
    _refuse_taken(plan, names.flow)
    tree = SourceTree(root)
    client = own_client(tree, flow.schema) if flow.schema else None
    language, alias = app_of(plan).routers.language, app_of(plan).code.alias
    connection = f"{plan.out}/sessions/connection.{language}"
    app = SessionApp(
        plan.out,
        names.flow,
        settings,
        names.items,
        _driver(tree, flow.schema, client),
        app_of(plan).sdk_major,
        client_import(plan, f"{plan.out}/sessions/session.ts"),
        database_import(client, connection, alias),
        _prisma_module(root, connection, alias),
        app_of(plan).code.style,
        library_import(plan, "ownership", f"{plan.out}/sessions/flag.ts"),
        partial(naming_files, plan),
        app_of(plan).framework.library is not None and is_module(tree, app_of(plan).folder),
        library_import(plan, "dead-letters", f"{plan.out}/sessions/session.ts")
        if app_of(plan).has_ledger
        else None,
        language,
        app_of(plan).routers.in_language,
    )
    served = list(_served(root, plan))
    files = (*generate_sessions(app), *served)
    written, _ = edits(root, compare(root, files, app.folder), force=force)
    gone = _superseded(root, plan, {file.path for file in served})
    once = (
        *app_side(app),
        GeneratedFile(OWNERSHIP_NAME, dump_ownership(Ownership())),
    )
    once_edits = [
        Edit(file.path, file.text.encode(), based_on=Seen(None))
        for file in once
        if content(inside(root, file.path)) is None
    ]
    model = flow.schema.model(settings.table) if flow.schema else None
    house = model and _house(flow, settings, model, plan)
    return [
        *written,
        *gone,
        *once_edits,
        *(_own_code(tree, house, flow, app.folder) if house else ()),
    ]


def _house(flow: Flow, settings: SessionSettings, model: Model, plan: Plan) -> House:
    """Return the names and settings that the app's own code is rewritten with."""
    users = flow.schema.model(settings.credits.table) if flow.schema else None
    column = users.field(settings.credits.balance) if users else None
    balance = column.attribute if column else settings.credits.balance
    alias, folder = app_of(plan).code.alias, f"{plan.out}/sessions"
    end = "/index.js" if app_of(plan).imports_files else ""
    return House(model, settings, balance, lambda file: import_path(folder, file, alias) + end)


def _own_code(tree: SourceTree, house: House, flow: Flow, folder: str) -> Iterator[Edit]:
    """Yield the edits of code that asks for sessions, where it shows how, and the page."""
    by_hand, rewritten = [], dict[str, str]()
    places = []
    for creation in creations(tree, house.model, house.settings):
        before = rewritten.get(creation.file) or tree.read(creation.file)
        after = None if creation.file in rewritten else requested(before, creation, house)
        if after is None:
            by_hand.append(creation)
        else:
            rewritten[creation.file] = after
            places.append(creation.place)
    for file, text in rewritten.items():
        summary = f"{file} asks for sessions through requestSession"
        seen = Seen(tree.read(file).encode())
        yield Edit(file, text.encode(), summary=summary, based_on=seen)
    path = f"{folder}/README.md"
    if content(inside(tree.root, path)) is None:
        label = code_label(tree, flow.schema, house.settings)
        text = page(tree, house, by_hand=by_hand, rewritten=places, label=label)
        yield Edit(path, text.encode(), summary="what of your code goes over", based_on=Seen(None))


def _driver(tree: SourceTree, schema: AppSchema | None, client: OwnClient | None) -> Driver:
    """Return the driver of the database; Drizzle only by the app's own client."""
    if schema is not None and schema.source is SchemaSource.DRIZZLE:
        return Driver.DRIZZLE if client else Driver.POOL
    is_prisma = schema is not None and schema.source is SchemaSource.PRISMA
    is_generated = is_prisma and generated_client(find_schemas(tree.root)) is not None
    has_client = "@prisma/client" in tree.dependencies or client is not None
    return Driver.PRISMA if has_client or is_generated else Driver.POOL


def _prisma_module(root: Path, file: str, alias: Alias | None) -> str:
    """Return the module that a file imports ``PrismaClient`` from."""
    generated = generated_client(find_schemas(root))
    return import_path(generated, file, alias) if generated else "@prisma/client"


def database_import(
    client: OwnClient | None, file: str, alias: Alias | None
) -> DatabaseImport | None:
    """Return the import of the app's own client in a file."""
    if client is None:
        return None
    path = client.module
    if client.is_file:
        path = import_path(re.sub(r"(/index)?\.[cm]?[jt]sx?$", "", client.module), file, alias)
    if client.name == "default":
        return DatabaseImport(f'import client from "{path}";', "client")
    return DatabaseImport(f'import {{ {client.name} }} from "{path}";', client.name)


def _refuse_taken(plan: Plan, flow: str) -> None:
    """Refuse a flow whose functions would have a job's id: Inngest would keep one of the two."""
    ids = (flow, f"{flow}-cancelled", f"{flow}-recovery")
    taken = next((name for name in ids if plan.job(name) is not None), None)
    if taken is not None:
        raise CronshiftError(
            f"The flow {flow} has a function of the id {taken}, and so has a job.",
            reason="taken-id",
            hint="Name the flow otherwise: --flow NAME.",
            where=taken,
        )


def _served(root: Path, plan: Plan) -> Iterator[GeneratedFile]:
    """Yield the files that the flow imports where there are none, and the list of it where cronshift wrote that."""
    served = _of_kept(root, plan, sessions=True)
    language = app_of(plan).routers.language
    ownership = f"{plan.out}/ownership.{language}"
    wanted = {f"{plan.out}/client.{language}", ownership}
    modules = {"environment", *(["dead-letters"] if app_of(plan).has_ledger else [])}
    modules |= {"file"} if app_of(plan).routers.mount is not None else set()
    wanted |= {f"{path.removesuffix('.ts')}.{language}" for path, _ in copied(served, modules)}
    for file in generate(served):
        there = content(inside(root, file.path))
        if there is None:
            is_wanted = file.path in wanted
        else:
            is_ours = is_untouched(there.decode(errors="replace"))
            is_wanted = (
                file.path in {f"{plan.out}/functions/index.{language}", ownership} and is_ours
            )
        if is_wanted:
            yield file


def _superseded(root: Path, plan: Plan, written: Collection[str]) -> Iterator[Edit]:
    """Yield the deletions of what the file of ownership imports no more, where it is written anew."""
    if f"{plan.out}/ownership.{app_of(plan).routers.language}" not in written:
        return
    still = {file.path for file in generate(_of_kept(root, plan, sessions=True))}
    for file in generate(_of_kept(root, plan, sessions=False)):
        there = content(inside(root, file.path))
        if file.path in still or there is None or not is_untouched(there.decode(errors="replace")):
            continue
        summary = f"{file.path}: nothing imports it any more"
        yield Edit(file.path, None, summary=summary, based_on=Seen(there))


def _of_kept(root: Path, plan: Plan, *, sessions: bool) -> Plan:
    """Return the plan of the jobs whose modules are there, in an app with or without the flow."""
    kept = tuple(job for job in plan.jobs if job.module and (root / job.module).is_file())
    return replace(plan, jobs=kept, data=replace(app_of(plan), sessions=sessions))


def next_steps(paths: Sequence[str]) -> str:
    """Return the next steps once files of those paths are written."""
    work = next((path for path in paths if path.endswith(_WORK)), None)
    if work is None:
        return ", and write how an item is processed."
    is_listed = any(path.endswith(_INDEX) for path in paths)
    serve = "" if is_listed else " Serve sessionFunctions with the app's others."
    return f" and say this again; write {work}.{serve}"
