"""The targets that there are, by name; each one's code is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.errors import ConfigError, CronshiftError
from cronshift.runtime.jobs import CANCELLED_ID
from cronshift.runtime.regular_files import is_regular
from cronshift.targets.target import DoesNotFit, Fits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.handlers import Resolver
    from cronshift.model import Handler, Plan
    from cronshift.project import Project
    from cronshift.targets.target import Fit, GeneratedFile, Target

_SHIPPED = {
    "python": "cronshift.targets.python.target:PYTHON",
    "nextjs": "cronshift.targets.typescript.target:NEXTJS",
    "typescript": "cronshift.targets.typescript.target:TYPESCRIPT",
}
_SHELF: dict[str, Target] = {}

DEFAULT_TARGET = "python"
"""What a project gets that suits no other."""


def target_names() -> tuple[str, ...]:
    """Return the names of the targets that there are."""
    return tuple(dict.fromkeys([*_SHIPPED, *_SHELF]))


def target_named(name: str) -> Target:
    """Return the target of that name; its code is imported when it is first asked for.

    Raises:
        CronshiftError: for a name that is none.
    """
    if name not in _SHELF:
        if name not in _SHIPPED:
            *others, last = target_names()
            raise CronshiftError(
                f"There is no target {name!r}.",
                reason="unknown-target",
                hint=f"The targets are {', '.join(others)} and {last}.",
            )
        module, _, attribute = _SHIPPED[name].partition(":")
        _SHELF[name] = getattr(import_module(module), attribute)
    return _SHELF[name]


def register(target: Target) -> None:
    """Put one more target beside those that cronshift has."""
    _SHELF[target.name] = target


def unregister(name: str) -> None:
    """Take a target away again that :func:`register` put there."""
    _SHELF.pop(name, None)


def target_of(project: Project, resolver: Resolver) -> Target:
    """Return the target that cronshift.toml names, else the first that suits the app.

    One whose files are there already goes on where it does not fit any more: the way back is open.

    Raises:
        ConfigError: ``target-does-not-fit``, with the reason.
        CronshiftError: for a name that is none.
    """
    asked = project.settings.target
    if asked is None:
        default = target_named(DEFAULT_TARGET)
        if is_regular(project.root / (project.settings.out or default.usual_out) / "asgi.py"):
            return default  # it was chosen before there was another one for such apps
        fitting = ((name, target_named(name).fit(project, resolver)) for name in target_names())
        suiting = (name for name, fit in fitting if isinstance(fit, Fits) and fit.unsuited is None)
        if (project.root / (project.settings.out or default.usual_out)).is_dir():
            return default  # what was generated when nothing else could be
        return target_named(next(suiting, DEFAULT_TARGET))
    target = target_named(asked)
    fit = target.fit(project, resolver)
    if isinstance(fit, DoesNotFit) and not _is_there(target, project, resolver):
        raise ConfigError(
            f"The target {asked} does not fit: {fit.reason}",
            reason="target-does-not-fit",
            hint=f"--target {DEFAULT_TARGET}, or another folder with -C.",
            where=project.settings.file,
        )
    return target


def passed_over(project: Project, resolver: Resolver, handlers: Iterable[Handler]) -> str | None:
    """Return the reason why handlers of another language than the default target's get that target.

    ``None`` where they do not, or where it was asked for, or is there already.
    """
    default = target_named(DEFAULT_TARGET)
    is_chosen = project.settings.target is not None or _is_there(default, project, resolver)
    is_foreign = any(handler.language in {"typescript", "javascript"} for handler in handlers)
    if is_chosen or not is_foreign or target_of(project, resolver) is not default:
        return None
    fits = (
        target_named(name).fit(project, resolver)
        for name in target_names()
        if name != DEFAULT_TARGET
    )
    return next(filter(None, map(_why_not, fits)), None)


def _why_not(fit: Fit) -> str | None:
    if isinstance(fit, Fits):
        return fit.unsuited
    return fit.reason.removesuffix(".") if fit.suits else None


def _is_there(target: Target, project: Project, resolver: Resolver) -> bool:
    return (project.root / target.place(project, resolver).out).is_dir()


def generate(plan: Plan) -> tuple[GeneratedFile, ...]:
    """Return the files of the plan's runnable jobs; the same plan gives the same bytes.

    Raises:
        CronshiftError: for a target that is not known, or a plan that it cannot write.
    """
    if any(job.id == CANCELLED_ID for job in plan.runnable):
        raise CronshiftError(
            f"The id {CANCELLED_ID} is that of a function of cronshift's own.",
            reason="taken-id",
            hint="Give the job another: [jobs.ID] in cronshift.toml, with the entry's `path`.",
            where=CANCELLED_ID,
        )
    generated = tuple(job for job in plan.jobs if job.function is None)
    files = tuple(target_named(plan.target).generate(replace(plan, jobs=generated)))
    paths = [file.path for file in files]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise CronshiftError(
            f"Two generated files would both be {twice}; that is a fault of cronshift.",
            reason="shared-path",
            hint="Give the jobs other ids under [jobs.ID] in cronshift.toml.",
            where=twice,
        )
    return files
