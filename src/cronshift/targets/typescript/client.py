"""The client that the generated functions are made with: the app's own, else a generated one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.imports import import_path

if TYPE_CHECKING:
    from cronshift.model import Plan
    from cronshift.project.conventions.code import Alias


def client_import(plan: Plan, file: str) -> str:
    """Return the statement by which ``file`` imports the client, as ``inngest``."""
    client = app_of(plan).code.client
    if client is None or client.module is None:
        path = import_path(f"{plan.out}/client", file, _alias_outside(plan, file))
        return f'import {{ inngest }} from "{path}";'
    path = client.module
    if client.in_project:
        path = import_path(client.module, file, app_of(plan).code.alias)
    if client.export == "default":
        return f'import inngest from "{path}";'
    name = "inngest" if client.export == "inngest" else f"{client.export} as inngest"
    return f'import {{ {name} }} from "{path}";'


def refuse_unknown_id(plan: Plan) -> None:
    """Refuse a client whose id is not known: the functions' ids begin with it.

    Raises:
        CronshiftError: ``unknown-app-id``.
    """
    client = app_of(plan).code.client
    if client is not None and client.app_id is None:
        where = client.module or app_of(plan).code.serve_file
        raise CronshiftError(
            f"The id of the Inngest client in {where} is not a literal.",
            reason="unknown-app-id",
            hint="Set app_id under [project] in cronshift.toml to what it is when the app runs.",
            where=where,
        )


def _alias_outside(plan: Plan, file: str) -> Alias | None:
    """Return the alias for files outside of the generated folder; inside, paths are relative."""
    return None if file.startswith(f"{plan.out}/") else app_of(plan).code.alias
