"""The address that the SDK registers, beside the one at which the framework answers.

The SDK takes path and origin from the request, which Next.js shows to a route without ``basePath``, unless
``servePath`` and ``serveOrigin`` (``serveHost`` in v3), or the variables of those names, say otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import exports
from cronshift.handlers.values import value
from cronshift.model import HandlerKind, Location
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.project.conventions import code_of
from cronshift.readiness.kinds import METHODS_SERVED, SERVED_AT
from cronshift.readiness.variables import names_set
from cronshift.runtime.web import is_loopback
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.reading import serve_calls, serve_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.values import Expression
    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject
    from cronshift.targets.typescript.app import TypescriptApp

_PATH_VARIABLE = "INNGEST_SERVE_PATH"
_METHODS = frozenset({"GET", "POST", "PUT"})
_EXPORTED = {
    HandlerKind.NEXT_ROUTE: _METHODS,
    HandlerKind.SVELTEKIT: _METHODS,
    HandlerKind.ASTRO: _METHODS,
    HandlerKind.SOLIDSTART: _METHODS,
    HandlerKind.REMIX: frozenset({"action", "loader"}),
}
"""What the SDK's documentation has an endpoint export, where a router goes by the names."""
_ORIGINS = ("serveOrigin", "serveHost")


def served_at(subject: Subject) -> Iterator[Fact]:
    """Yield whether the SDK registers the endpoint where it answers."""
    app = app_of(subject.plan)
    calls = serve_calls(subject.tree, app.endpoint_file)
    if not calls:
        text = f"The endpoint will be registered at {app.endpoint_path}."
        yield subject.good(SERVED_AT, text, subject.project.config_file)
    for call in calls:
        yield _origin(subject, call) or _path(subject, call, app)


def methods_served(subject: Subject) -> Iterator[Fact]:
    """Yield whether the app's own serve route exports every method of the SDK's."""
    file = code_of(subject.tree).serve_file
    root = subject.tree.parsed(file) if file else None
    if file is None or root is None:
        return
    route = next(
        (each for each in subject.resolver.table.routes if each.handler.file == file), None
    )
    needed = _EXPORTED.get(route.handler.kind) if route is not None else None
    exported, place = exports(root), Location(file, 1)
    if needed is None or needed <= set(exported):
        return
    missing = ", ".join(sorted(needed - set(exported)))
    if "*" in exported or "ALL" in exported:
        text = f"{file} does not name {missing}, and what it hands on may."
        yield subject.unknown(METHODS_SERVED, text, place, f"Export {missing} by name")
    else:
        text = f"{file} leaves out {missing}: Inngest registers functions by PUT and runs them by POST."
        yield subject.bad(METHODS_SERVED, text, place, f"Export {missing} of what serve returns")


def _path(subject: Subject, call: Expression, app: TypescriptApp) -> Fact:
    expected, title = app.endpoint_path, app.framework.title
    written = serve_option(subject.tree, call, "servePath")
    path = value(subject.tree, written) if written is not None else None
    remedy = f'Write servePath: "{expected}" into the call of serve'
    if written is None and expected == ENDPOINT:
        text = f"The SDK takes the endpoint's path from the request, and {title} changes nothing of it."
        return subject.good(SERVED_AT, text, call.location)
    if written is None and _PATH_VARIABLE in names_set(subject):
        text = f"{_PATH_VARIABLE} tells the SDK the endpoint's path."
        return subject.good(SERVED_AT, text, names_set(subject)[_PATH_VARIABLE])
    if written is None:
        text = (
            f"{title} answers at {expected}, and the SDK would register the path without base path"
            " and slash: Inngest would find nothing there."
        )
        return subject.bad(SERVED_AT, text, call.location, remedy)
    if not isinstance(path, str):
        text = f"Only running {call.file} would tell the path that the SDK registers."
        return subject.unknown(SERVED_AT, text, written.location, remedy)
    if path != expected and _is_usual(subject, call):
        text = f"The SDK registers {path}, and {title} answers at {expected}."
        return subject.bad(SERVED_AT, text, written.location, remedy)
    return subject.good(SERVED_AT, f"The SDK registers {path}.", written.location)


def _is_usual(subject: Subject, call: Expression) -> bool:
    """Return whether a call serves from the usual route, whose path is known."""
    answering = subject.resolver.table.answering(ENDPOINT)
    return answering is not None and answering.handler.file == call.file


def _origin(subject: Subject, call: Expression) -> Fact | None:
    """Return the fact about the origin where it is written down and not right, or not told."""
    for name in _ORIGINS:
        written = serve_option(subject.tree, call, name)
        address = value(subject.tree, written) if written is not None else None
        if written is not None and not isinstance(address, str):
            text = f"Only running {call.file} would tell the origin that the SDK registers."
            remedy = "Look at the app's address at Inngest after the next deploy"
            return subject.unknown(SERVED_AT, text, written.location, remedy)
        if written is not None and is_loopback(str(address)):
            text = f"{name} is {address}, where Inngest finds nothing once the app is deployed."
            return subject.bad(SERVED_AT, text, written.location, f"Leave {name} out")
    return None
