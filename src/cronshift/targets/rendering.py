"""Templates beside a target's code, filled with source that is ready to stand there.

What both languages must agree on they take from :mod:`cronshift.runtime.wire`, as ``wire``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from cronshift.runtime import wire

if TYPE_CHECKING:
    from jinja2 import Environment


def render(target: str, template: str, **values: Any) -> str:
    """Return a template of ``cronshift.targets.<target>`` with its values; none may be missing."""
    return _environment(target).get_template(f"{template}.j2").render(values)


@cache
def _environment(target: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(f"cronshift.targets.{target}"),
        autoescape=False,  # noqa: S701 - code is written, not HTML; values are source already
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["wire"] = wire
    return environment
