"""The files of the app: functions, their index, shared modules, the endpoint, the dispatcher."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cronshift.errors import CronshiftError
from cronshift.model import BridgeSettings
from cronshift.plan.findings.inngest import REFUSED_SDK
from cronshift.project.locks import add_command
from cronshift.runtime.ownership import OWNERSHIP_NAME
from cronshift.targets.rendering import render
from cronshift.targets.seal import seal
from cronshift.targets.target import GeneratedFile
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.cancelled import cancelled_module, hears_of_cancelled
from cronshift.targets.typescript.client import refuse_unknown_id
from cronshift.targets.typescript.dispatching import (
    Dispatcher,
    dispatcher_modules,
    dispatchers,
)
from cronshift.targets.typescript.imports import import_path
from cronshift.targets.typescript.job import job_module, modules_of, names_of
from cronshift.targets.typescript.library import copied, library_import
from cronshift.targets.typescript.naming import function_name
from cronshift.targets.typescript.source import comment, listed, text
from cronshift.targets.typescript.spelling import spelled
from cronshift.targets.typescript.style import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.model import Plan
    from cronshift.targets.typescript.app import Routers, TypescriptApp

_FOLDERS = ("functions", "jobs", "sessions")
"""The folders of generated files that stand for their index."""

_CODE = frozenset({".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs"})
SDK_MAJORS = (3, 4)
"""The majors of the npm package that functions are generated for."""


def generate_app(plan: Plan) -> tuple[GeneratedFile, ...]:
    """Return the app's files, in its style: functions, their index, the endpoint, the dispatcher.

    A client and an endpoint that the app has already are not among them.

    Raises:
        CronshiftError: without a router, for an SDK that Inngest refuses or whose major is another,
            or for a client whose id nothing tells.
    """
    app = app_of(plan)
    if not plan.runnable and not app.sessions:
        return ()  # an endpoint would import a package that nobody added
    if app.endpoint_file is None and app.code.serve_file is None:
        raise CronshiftError(
            "There is neither an `app` nor a `pages` folder to serve the functions from.",
            reason="no-router",
            hint="Name the app with -C, or use --target python.",
        )
    refuse_sdk(plan)
    refuse_unknown_id(plan)
    return tuple(
        GeneratedFile(path, seal(laid_out(naming_files(plan, path, written), app.code.style), "//"))
        for path, written in _in_language(_files(plan, app), app.routers)
    )


def naming_files(plan: Plan, path: str, written: str) -> str:
    """Return a module whose imports name files, where the app's do."""
    if not app_of(plan).imports_files:
        return written
    return spelled(written, path, {f"{plan.out}/{name}" for name in _FOLDERS})


def _in_language(files: Iterable[tuple[str, str]], routers: Routers) -> Iterator[tuple[str, str]]:
    """Yield the files in the app's own language, by the names that they have in it."""
    for path, written in files:
        stem = path.removesuffix(".ts")
        is_named = stem == path or routers.language == "ts"
        yield (path if is_named else f"{stem}.js"), routers.in_language(written)


def _files(plan: Plan, app: TypescriptApp) -> Iterator[tuple[str, str]]:
    """Yield the generated files, before they are written in the app's style."""
    dispatching = dispatchers(plan)
    yield from _shared(plan, dispatching)
    for job in plan.runnable:
        yield f"{plan.out}/functions/{job.id}.ts", job_module(plan, job, function_name(job.id))
    yield f"{plan.out}/functions/index.ts", _index(plan)
    if hears_of_cancelled(plan):
        yield f"{plan.out}/cancelled.ts", cancelled_module(plan)
    for dispatcher in dispatching:
        yield dispatcher.file, app.framework.dispatcher(plan, dispatcher)
    mounts = app.routers.mount is not None and app.endpoint_file != app.code.serve_file
    if app.endpoint_file and (mounts or not app.code.serve_file):
        yield app.endpoint_file, app.framework.endpoint(plan, app.endpoint_file)


def refuse_sdk(plan: Plan) -> None:
    """Refuse versions that Inngest's server does, and majors that the templates are not for."""
    manager = app_of(plan).manager
    refused = next((finding for finding in plan.findings if finding.code == REFUSED_SDK.code), None)
    if refused is not None:
        raise CronshiftError(
            f"{refused.message} {REFUSED_SDK.summary}",
            reason="refused-sdk",
            hint=f"{add_command(manager, 'inngest@^3.54.0')} (or inngest@latest, which is v4)",
            where="package.json",
        )
    major = app_of(plan).sdk_major
    if major == 0:
        raise CronshiftError(
            "Which major of inngest the app has is not known: package.json leaves it open, and neither"
            " a lock nor node_modules tells.",
            reason="unknown-sdk",
            hint=f"{add_command(manager, 'inngest@latest')}, and commit the lock",
            where="package.json",
        )
    if major not in SDK_MAJORS:
        raise CronshiftError(
            f"The app has version {major} of inngest; functions are generated for v3 and v4.",
            reason="unknown-sdk",
            hint=add_command(manager, "inngest@latest"),
            where="package.json",
        )


def _index(plan: Plan) -> str:
    functions = [(names_of(job), job.id) for job in plan.runnable]
    names = [
        *(name for exported, _ in functions for name in exported),
        *(["cronshiftCancelled"] if hears_of_cancelled(plan) else []),
        *(["...sessionFunctions"] if app_of(plan).sessions else []),
    ]
    return _render(
        "index",
        config_file=comment(plan.config_file),
        imports=[
            listed("import {", exported, f"}} from {text(f'./{file}')};")
            for exported, file in functions
        ],
        cancelled=hears_of_cancelled(plan),
        sessions=app_of(plan).sessions,
        listed=listed("export const functions = [", names, "];"),
    )


def _shared(plan: Plan, dispatching: tuple[Dispatcher, ...]) -> Iterator[tuple[str, str]]:
    """Yield the files that functions, endpoint and dispatcher share; none that nobody needs."""
    app = app_of(plan)
    has_client = app.code.client is not None and app.code.client.module is not None
    if not has_client:
        yield f"{plan.out}/client.ts", _render("client", app_id=text(plan.app_id))
    reads_environment = app.reads_environment or app.sessions
    file = f"{plan.out}/ownership.ts"
    yield (
        file,
        _render(
            "ownership",
            environment=reads_environment,
            is_read=app.routers.mount is not None,
            built=text(import_path(OWNERSHIP_NAME, file, app.code.alias)),
            library=partial(library_import, plan, file=file),
            arguments=", ".join(filter(None, ["ownership", _named_secret(plan)])),
        ),
    )
    if app.claims and plan.runnable:
        yield f"{plan.out}/claims.ts", _claims(plan, app.claims)
    wanted = {"ownership", *(["environment"] if reads_environment else [])}
    wanted |= {"dead-letters"} if app.sessions and app.has_ledger else set()
    wanted |= {"claims-afar"} if app.claims_afar and plan.runnable else set()
    wanted |= app.framework.endpoint_modules(app)
    wanted = wanted.union(*(modules_of(plan, job) for job in plan.runnable))
    wanted = wanted.union(*(dispatcher_modules(plan, each) for each in dispatching))
    yield from copied(plan, wanted)


def _claims(plan: Plan, client: str) -> str:
    """Return the module of the claims: at an address, or over the client of the app's that is named."""
    file = f"{plan.out}/claims.ts"
    library = partial(library_import, plan, file=file)
    if app_of(plan).claims_afar:
        return _render("claims", module=None, name=_named_secret(plan), library=library)
    module, _, export = client.rpartition(":")
    path = PurePosixPath(module)
    target = str(path.with_suffix("") if path.suffix in _CODE else path)
    is_taken = export in {"claims", "claimsIn"}
    return _render(
        "claims",
        clause=f"{export} as client" if is_taken else export,
        name="client" if is_taken else export,
        module=text(import_path(target, file, app_of(plan).code.alias)),
        library=library,
    )


def _named_secret(plan: Plan) -> str:
    """Return the argument that names the variable of the bearer, where it is not the usual one."""
    secret = plan.bridge.secret_env
    return "" if secret == BridgeSettings().secret_env else text(secret)


def _render(template: str, **values: Any) -> str:
    return render("typescript", f"{template}.ts", **values)
