"""The files of the package: functions, their client, the app that serves them, the guard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.errors import CronshiftError
from cronshift.model import Mode, Origin
from cronshift.runtime.jobs import CANCELLED_ID
from cronshift.targets.python import names
from cronshift.targets.python.job import (
    APP_KINDS,
    USUAL_SECRET,
    JobModule,
    handler_definition,
    handler_of,
    job_module,
    rehearsal,
)
from cronshift.targets.python.mounting import MOUNT_MODULE
from cronshift.targets.python.serving import served_by
from cronshift.targets.python.source import (
    WIDTH,
    Expression,
    Group,
    call,
    duration,
    laid_out,
    listed,
    literal,
    url,
)
from cronshift.targets.rendering import render
from cronshift.targets.seal import seal
from cronshift.targets.target import GeneratedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.model import BridgeSettings, Job, Plan


GUARD_NAME = "cronshift_guard.py"


def generate_package(plan: Plan) -> tuple[GeneratedFile, ...]:
    """Return the package's files; the jobs' modules come last, in the plan's order.

    Raises:
        CronshiftError: if ``plan.out`` is no package, an id is no identifier, two jobs share a
            module, or a direct job has nothing that Python can call.
    """
    package = names.package_of(plan.out)
    secret_env = plan.bridge.secret_env
    apps = _apps(plan.runnable, secret_env)
    definitions = [laid_out(app, before=f"{name} = ") for app, name in apps.items()]
    modules = [job_module(job, plan.app_id, apps, secret_env) for job in plan.runnable]
    _refuse_shared_modules(plan.runnable, modules)
    bridged = any(job.mode is Mode.BRIDGE for job in plan.runnable)
    files = {
        "__init__.py": _render(
            "package",
            config_file=url(plan.config_file),
            imports=[
                *(["from .cancelled import cronshift_cancelled"] if modules else []),
                *(_import(module) for module in sorted(modules, key=_import_order)),
            ],
            functions=[
                *(function for module in modules for function in module.functions),
                *(["cronshift_cancelled"] if modules else []),
            ],
        ),
        "client.py": _render(
            "client",
            client=_client(plan.app_id),
            bridge=_bridge(plan.bridge) if bridged else None,
        ),
        "asgi.py": _render(
            "asgi",
            package=package,
            secret_env=None if secret_env == USUAL_SECRET else literal(secret_env),
        ),
        **_mount(plan, secret_env),
        **({"apps.py": _render("apps", definitions=definitions)} if apps else {}),
        **({"cancelled.py": _cancelled(modules)} if modules else {}),
        "jobs/__init__.py": _render("jobs"),
        **{f"jobs/{module.name}.py": _render("job", module=module) for module in modules},
    }
    package_files = [
        GeneratedFile(f"{plan.out}/{path}", seal(text)) for path, text in files.items()
    ]
    return (*package_files, *_guard_file(plan))


def _mount(plan: Plan, secret_env: str) -> dict[str, str]:
    """Return the module by which the app itself serves the functions, where it is to."""
    mount = served_by(plan).mount
    if mount is None:
        return {}
    secret = None if secret_env == USUAL_SECRET else literal(secret_env)
    return {f"{MOUNT_MODULE}.py": _render(f"mount-{mount.framework}", secret_env=secret)}


def guard_path(out: str) -> str:
    """Return the path of the guard's module: beside the package, so that it imports without it."""
    parent = out.rpartition("/")[0]
    return f"{parent}/{GUARD_NAME}" if parent else GUARD_NAME


def _guard_file(plan: Plan) -> list[GeneratedFile]:
    """Return the guard of the app that Vercel calls, where that app is Python."""
    guarded = [
        job
        for job in plan.runnable
        if job.entry.origin not in {Origin.MOVED, Origin.WORKFLOW}
        and job.handler
        and job.handler.language == "python"
    ]
    if not guarded:
        return []
    jobs = [
        call(
            "JobSpec",
            id=literal(job.id),
            path=literal(job.entry.path),
            schedule=literal(job.entry.schedule),
            **rehearsal(job),
        )
        for job in guarded
    ]
    secret = plan.bridge.secret_env
    named = {} if secret == USUAL_SECRET else {"secret_env": literal(secret)}
    guard = laid_out(call("Guard", *jobs, **named), before="guard = ")
    return [GeneratedFile(guard_path(plan.out), seal(_render("guard", guard=guard)))]


def _apps(jobs: Sequence[Job], secret_env: str) -> dict[Group, str]:
    """Return the names of the ASGI and WSGI apps that jobs call, by their definition.

    They are defined once for all jobs, since an app is started once.
    """
    apps: dict[Group, str] = {}
    for job in jobs:
        handler = handler_of(job)
        if handler is None or handler.kind not in APP_KINDS:
            continue
        definition = handler_definition(handler, secret_env)
        name = names.app_name(handler.file)
        if definition not in apps:
            taken = set(apps.values())
            numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
            apps[definition] = next(free for free in (name, *numbered) if free not in taken)
    return apps


def client_module(plan: Plan) -> str:
    """Return the client's module of a package that calls nothing over HTTP."""
    return _render("client", client=_client(plan.app_id), bridge=None)


def _client(app_id: str) -> str:
    return laid_out(call("inngest.Inngest", app_id=literal(app_id)), before="client = ")


def _bridge(settings: BridgeSettings) -> str:
    base_url = {"base_url": literal(settings.base_url)} if settings.base_url else {}
    bridge = call(
        "runtime.Bridge",
        **base_url,
        base_url_env=literal(settings.base_url_env),
        secret_env=literal(settings.secret_env),
        timeout=duration(settings.timeout),
    )
    return laid_out(bridge, before="bridge = ")


def _cancelled(modules: Sequence[JobModule]) -> str:
    """Return the module of the function that tells which runs were cancelled."""
    ordered = sorted(modules, key=_import_order)
    plain = [module.name for module in ordered if module.name == module.function]
    lines = {
        module.name: f"from .jobs import {module.name} as {module.function}"
        for module in ordered
        if module.name != module.function
    }
    if plain:
        line = f"from .jobs import {', '.join(plain)}"
        several = "".join(f"    {name},\n" for name in plain)
        lines[plain[0]] = line if len(line) <= WIDTH else f"from .jobs import (\n{several})"
    return _render(
        "cancelled",
        imports="\n".join(lines[name] for name in sorted(lines, key=names.natural)),
        jobs=laid_out(listed(list(_reported(modules))), before="JOBS = "),
        id=literal(CANCELLED_ID),
    )


def _reported(modules: Sequence[JobModule]) -> Iterator[Expression]:
    """Yield the reporter of each function that may be cancelled."""
    for module in modules:
        yield f"{module.function}.JOB"
        if module.row:
            yield call("runtime.row_of", f"{module.function}.JOB")


def _import(module: JobModule) -> str:
    line = f"from .jobs.{module.name} import {', '.join(module.functions)}"
    if len(line) <= WIDTH:
        return line
    several = "".join(f"    {function},\n" for function in module.functions)
    return f"from .jobs.{module.name} import (\n{several})"


def _import_order(module: JobModule) -> tuple[tuple[int, int, str], ...]:
    return names.natural(module.name)


def _refuse_shared_modules(jobs: Sequence[Job], modules: Sequence[JobModule]) -> None:
    owners: dict[str, str] = {}
    for job, module in zip(jobs, modules, strict=True):
        other = owners.get(module.name)
        owners[module.name] = job.id
        if other is not None:
            raise CronshiftError(
                f"The jobs {other} and {job.id} would both be written to {module.name}.py.",
                reason="shared-module",
                hint="Give one of them another id under [jobs.ID] in cronshift.toml.",
                where=job.id,
            )


def _render(template: str, **values: Any) -> str:
    return render("python", f"{template}.py", **values)
