"""A conversion's question and its outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from msgspec import Struct

if TYPE_CHECKING:
    from cronshift.model import Location
    from cronshift.targets.direct.javascript.shared_wrappers import SharedWrapper


class Entry(Struct, frozen=True):
    """The parts of a cron entry that a handler may ask its request for.

    Attributes:
        path: with its query.
        schedule: as Vercel tells it.
        parameter: of the query, that a fan-out gives another value each time.
        is_shared: whether other entries have the same handler do their work.
    """

    path: str
    schedule: str
    parameter: str | None = None
    is_shared: bool = False

    @property
    def search(self) -> str:
        """The query with its question mark, without what a fan-out adds."""
        _, mark, query = self.path.partition("#")[0].partition("?")
        return f"{mark}{query}" if query else ""

    @property
    def query(self) -> list[tuple[str, str]]:
        """The names and values of the query, in order."""
        return parse_qsl(self.search[1:], keep_blank_values=True)

    def value(self, name: str) -> str | None:
        """Return the first value of a name in the query."""
        return next((value for key, value in self.query if key == name), None)


class Converted(Struct, frozen=True):
    """A module that does the work as a function.

    Attributes:
        text: of the whole module.
        function: the name of the function that does the work.
        parameter: the value that the function takes, of a fan-out; else ``None``.
        arguments: what the function is called with, as source.
        run: whether it takes the run's id, as ``run_id``.
        encoder: what makes its result JSON where that is not plain: ``fastapi``, ``django``, ``rest_framework``, or the
            Flask app's name.
        is_async: whether it is to be awaited.
        steps: the ids of the durable steps that it is made of; empty where it is one.
        unoffered: why it is one step, where steps were asked for.
        width: how many of its steps wait side by side.
        rest: its route's module without it, where other methods do other work.
        aliases: other paths that the handler answered.
        reads: whether it reads answers that other code makes, which no step can hand on.
        wrapper: what stands around it, or is called by it, and does without HTTP too.
    """

    text: str
    function: str
    parameter: str | None = None
    arguments: tuple[str, ...] = ()
    run: bool = False
    encoder: str | None = None
    is_async: bool = True
    steps: tuple[str, ...] = ()
    unoffered: str | None = None
    width: int = 1
    aliases: tuple[str, ...] = ()
    reads: bool = False
    rest: str | None = None
    wrapper: SharedWrapper | None = None


class Kept(Struct, frozen=True):
    """A handler that stays as it is: where, and why, without a period."""

    place: Location
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


Conversion = Converted | Kept


class NotCertainError(Exception):
    """The meaning is not kept for certain.

    Args:
        line: from 1.
        why: reads on from the place.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why
