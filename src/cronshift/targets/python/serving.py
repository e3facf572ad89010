"""The server of a package's functions: a worker of its own, or the app on Vercel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers import Verdict
from cronshift.model import Location, ServedBy
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.readiness.kinds import SERVED
from cronshift.runtime.regular_files import is_regular
from cronshift.targets.python.mounting import MOUNT_MODULE, Mount, mount_of, mounted
from cronshift.targets.python.names import package_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers import Resolver
    from cronshift.model import Plan
    from cronshift.project import Project
    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject


class Serving(Struct, frozen=True):
    """The data of this target in a plan.

    Attributes:
        mount: where the app takes the functions in; ``None`` for a worker, or where no app can.
    """

    by: ServedBy = ServedBy.WORKER
    mount: Mount | None = None


def serving_of(project: Project, resolver: Resolver, out: str) -> Serving:
    """Return the server of the functions: as cronshift.toml says, else as it is, else the app.

    Unasked the app serves them where it can: it takes the functions in, and Vercel sends it Inngest's
    calls. A package that is there already without being mounted stays a worker.
    """
    wanted = project.settings.serve
    if wanted is ServedBy.WORKER:
        return Serving()
    package = project.root / out
    is_worker = is_regular(package / "asgi.py") and not is_regular(package / f"{MOUNT_MODULE}.py")
    if wanted is None and (is_worker or not _reaches_app(resolver)):
        return Serving()
    paths = [entry.path for source in project.sources for entry in source.entries]
    paths += [job.moved.path for job in project.settings.jobs.values() if job.moved is not None]
    handlers = (resolver.resolve(path).handler for path in paths)
    mount = mount_of(resolver.tree, (handler for handler in handlers if handler is not None))
    return Serving(ServedBy.APP if wanted or mount else ServedBy.WORKER, mount)


def _reaches_app(resolver: Resolver) -> bool:
    """Return whether Vercel sends Inngest's calls to the app, as far as its configuration tells."""
    resolution = resolver.resolve(ENDPOINT)
    return resolution.verdict is Verdict.ANSWERED or bool(resolution.why)


def served_by(plan: Plan) -> Serving:
    """Return the server of a plan's functions."""
    return plan.data if isinstance(plan.data, Serving) else Serving()


def served(subject: Subject) -> Iterator[Fact]:
    """Yield whether the functions are served where cronshift.toml says."""
    serving, plan = served_by(subject.plan), subject.plan
    package, settings = package_of(plan.out), subject.project.settings.file or "cronshift.toml"
    if serving.by is ServedBy.WORKER:
        text = f'A worker of its own serves the functions ({package}.asgi:app); serve = "app" mounts them.'
        yield subject.good(SERVED, text, settings)
        return
    mount = serving.mount
    worker = 'Set serve = "worker" under [project]'
    if mount is None:
        text = "No app of FastAPI, Flask or Django that could take the functions in answers the entries."
        yield subject.bad(SERVED, text, settings, f"{worker}, and run the package as a worker")
        return
    line = mounted(subject.tree, mount, package)
    if not _reaches_app(subject.resolver):
        text = f"Vercel sends {ENDPOINT} nowhere: {mount.file} would never see Inngest's calls."
        remedy = f'Rewrite it to the app: {{"source": "{ENDPOINT}", "destination": …}}'
        yield subject.bad(SERVED, text, subject.project.config_file, remedy)
    elif line is None:
        text = f"{mount.file} lacks `{mount.statement}`, so nothing serves the functions."
        yield subject.bad(SERVED, text, Location(mount.file, mount.line), "cronshift migrate")
    elif not line.is_sure:
        text = f"{mount.file} takes the functions in only in some cases."
        place = Location(mount.file, line.line)
        yield subject.unknown(SERVED, text, place, f"Write it in plain sight: {mount.statement}")
    else:
        text = f"{mount.file} serves the functions at {ENDPOINT}."
        yield subject.good(SERVED, text, Location(mount.file, line.line))
