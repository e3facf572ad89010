"""The scaffold's templates, filled with names that were checked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

if TYPE_CHECKING:
    from jinja2 import Environment

    from cronshift.sessions.settings import SessionSettings
    from cronshift.targets.scaffold.schema import AppSchema


class FlowNames(Struct, frozen=True):
    """The user's names for the flow and its parts.

    Attributes:
        enum: the type of the status column in the database.
        label: the new state.
        items: the column with a session's items; ``None`` where the session is its one item.
    """

    flow: str
    enum: str
    label: str
    items: str | None


class Flow(Struct, frozen=True):
    """A session flow to write.

    Attributes:
        settings: the mapping of the user's tables; ``None`` where cronshift.toml has none.
        schema: what the app's code says of its tables; ``None`` where it says nothing.
    """

    names: FlowNames
    settings: SessionSettings | None
    schema: AppSchema | None = None


def rendered(template: str, names: FlowNames) -> str:
    """Return a template of ``cronshift.sessions`` with the names in it."""
    return filled(template, **asdict(names))


def filled(template: str, **values: Any) -> str:
    """Return a template of ``cronshift.sessions`` with values in it."""
    return _environment().get_template(f"{template}.j2").render(values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cronshift.sessions"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Python, SQL and TOML, from names that are checked
    )
