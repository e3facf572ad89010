"""The variables that the move needs, where each is read; by name only, never a value."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cronshift.model import ClaimsPlace, HandlerKind, Mode, Origin
from cronshift.plan.findings.inngest import ENV_EXAMPLE, KEYS
from cronshift.readiness.fact import Stage
from cronshift.readiness.kinds import VARIABLES
from cronshift.runtime.claiming import VARIABLE as CLAIMS
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

_ASSIGNED = lazy_pattern(r"^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*(\S)?", re.MULTILINE)
_FUNCTIONS, _APP = "where the functions run", "where the app runs"


def variables(subject: Subject) -> Iterator[Fact]:
    """Yield whether the names are set in this environment, or in a ``.env`` file of the project."""
    seen = names_set(subject)
    for place, needed in ((_FUNCTIONS, _of_functions(subject)), (_APP, _of_app(subject))):
        missing = [f"{name}{why}" for name, why in needed.items() if name not in seen]
        if missing:
            text = f"Nothing here shows what is to be set {place}: {', '.join(missing)}."
            remedy = "Set them there, then take it for good: --assume variables"
            yield subject.unknown(VARIABLES, text, ".env*, and this environment", remedy)
        elif needed:
            text = f"Set {place}: {', '.join(needed)}."
            yield subject.good(VARIABLES, text, seen[next(iter(needed))])


def _of_functions(subject: Subject) -> dict[str, str]:
    """Return the variables that the functions read, each with its reason."""
    bridge = subject.plan.bridge
    bridged = [job.id for job in subject.jobs if job.mode is Mode.BRIDGE]
    callables = {HandlerKind.CALLABLE}
    asking = [job for job in subject.jobs if not job.handler or job.handler.kind not in callables]
    needed = dict.fromkeys(KEYS, "")
    if bridged and bridge.base_url is None:
        needed[bridge.base_url_env] = f" (the app's address, for {', '.join(bridged)})"
    if asking:
        needed[bridge.secret_env] = ""
    for job in subject.jobs:
        if job.options.heartbeat_env:
            needed[job.options.heartbeat_env] = f" ({job.id}'s heartbeat)"
    return {**needed, **_claims(subject)}


def _of_app(subject: Subject) -> dict[str, str]:
    """Return the variables that the guard in the app reads while both sides are alive."""
    called = any(job.entry.origin is not Origin.MOVED for job in subject.jobs)
    if subject.stage is not Stage.SHARE or not called:
        return {}
    return {subject.plan.bridge.secret_env: "", **_claims(subject)}


def _claims(subject: Subject) -> dict[str, str]:
    """Return the variable of the claims, where it is set here or an app in TypeScript is to ask an address."""
    asks = subject.project.settings.claims == ClaimsPlace.ENVIRONMENT
    return {CLAIMS: ""} if asks or os.environ.get(CLAIMS) else {}


def names_set(subject: Subject) -> dict[str, str]:
    """Return the names that are set, and the place that shows it; an empty value is not set."""
    places = {name: "this environment" for name, value in os.environ.items() if value.strip()}
    for file in sorted(path for path in subject.project.root.glob(".env*") if is_regular(path)):
        if not ENV_EXAMPLE.search(file.name) and not file.is_symlink():
            text = read_text(file)
            for match in _ASSIGNED.finditer(text):
                if match[2] and match[2] != "#":
                    line = text.count("\n", 0, match.start(1)) + 1
                    places.setdefault(match[1], f"{file.name}:{line}")
    return places
