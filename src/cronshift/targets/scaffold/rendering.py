"""The scaffold's templates, filled with names that were checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

    from cronshift.sessions.settings import SessionSettings


@dataclass(frozen=True, slots=True)
class Names:
    """What the user calls things.

    Attributes:
        enum: the type of the status column in the database.
        label: the new state.
        items: the column with a session's items.
    """

    flow: str
    enum: str
    label: str
    items: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A session flow to write.

    Attributes:
        settings: the mapping of the user's tables; ``None`` where cronshift.toml has none.
        items: the column with a session's items, where the user names one.
    """

    names: Names
    settings: SessionSettings | None
    items: str | None


def rendered(template: str, names: Names) -> str:
    """Return a template of ``cronshift.sessions`` with the names in it."""
    return _environment().get_template(f"{template}.j2").render(asdict(names))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cronshift.sessions"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python, SQL and TOML, from names that are checked
    )
