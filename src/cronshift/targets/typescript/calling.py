"""The way of a generated function, or the dispatcher, to a handler in process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import BridgeSettings, Mode
from cronshift.targets.target import Direct, OverHttp
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.framework import Callee

if TYPE_CHECKING:
    from cronshift.model import Handler, Job, Plan
    from cronshift.targets.target import Reach
    from cronshift.targets.typescript.app import TypescriptApp


_TITLES = {"go": "Go", "ruby": "Ruby", "php": "PHP", "rust": "Rust", "python": "Python"}


def reach(app: TypescriptApp, handler: Handler | None, path: str) -> Reach:
    """Return a function's reach of a handler: its route's module, or HTTP and the reason."""
    reason = _not_importable(app, handler, path.partition("?")[0])
    return Direct() if reason is None else OverHttp(reason)


def without_get(reach: Reach) -> Reach:
    """Return the reach of a handler whose module has no ``GET`` to import."""
    return reach if isinstance(reach, OverHttp) else OverHttp("its route has no GET to import")


def _not_importable(app: TypescriptApp, handler: Handler | None, path: str) -> str | None:
    """Return the reason why TypeScript cannot import a handler and call it."""
    framework, routers = app.framework, app.routers
    if handler is None:
        return "no source of this app answers its path"
    if handler.language in _TITLES:
        return (
            f"{handler.file} is written in {_TITLES[handler.language]}, which no TypeScript imports"
        )
    if handler.kind not in framework.kinds:
        return f"{handler.file} is no route of {framework.title}"
    if handler.language != "typescript" and not routers.takes_javascript:
        return f"{handler.file} is not TypeScript, and tsconfig.json does not allowJs"
    return framework.unreachable(routers, handler, path)


def callee(plan: Plan, job: Job) -> Callee:
    """Return the handler that the plan's job calls."""
    if job.mode is not Mode.DIRECT or job.handler is None:
        return Callee(base=_base(plan.bridge))
    app = app_of(plan)
    return app.framework.callee(app, job)


def _base(bridge: BridgeSettings) -> tuple[str, ...]:
    usual = bridge.base_url is None and bridge.base_url_env == BridgeSettings().base_url_env
    return () if usual else (bridge.base_url_env, *([bridge.base_url] if bridge.base_url else ()))
