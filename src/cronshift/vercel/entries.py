"""From a configuration document to entries, and to everything in it that Vercel would refuse.

The wording is that of Vercel's own command line (facts: vercel/vercel
``packages/cli/src/util/validate-config.ts``), and all problems are collected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cronshift.model import CronEntry, Location, Origin, Problem
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.vercel.dispatcher import LONGEST_PATH, original_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Locate = Callable[..., Location]

_SCHEDULE_LENGTH = (9, 256)
_TYPE_NAMES: dict[type, str] = {dict: "object", list: "array", str: "string"}
_LIKE_CRONS = lazy_pattern(r"crons?(?:[-_]?(?:jobs?|tabs?))?", re.IGNORECASE)
_OTHER_TARGETS = ("function", "topic", "entrypoint", "service")
_LONGEST_JITTER = 15


class NotLiteral:
    """Stands where a script computes a value; ``text`` is the expression."""

    def __init__(self, text: str) -> None:
        self.text = text


@dataclass(slots=True)
class EntryReader:
    """Reads the entries of one document.

    Args:
        document: the parsed file.
        locate: gives the place of a value, by its keys and indexes.
        origin: what to call entries of its ``crons``.
    """

    document: Mapping[str, Any]
    locate: Locate
    origin: Origin = Origin.CRONS
    entries: list[CronEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> tuple[tuple[CronEntry, ...], tuple[Problem, ...]]:
        """Return all entries, in the file's order, and all problems."""
        self._misspelt()
        if "crons" in self.document:
            for index, item in self._items("crons"):
                self._cron(item, _pointer("crons", index), ("crons", index))
        if "schedules" in self.document:
            for key, item in self._items("schedules", also_object=True):
                self._schedule(item, _pointer("schedules", key), ("schedules", key))
        return tuple(self.entries), tuple(self.problems)

    def _misspelt(self) -> None:
        """Find lists of crons under a key, or inside of one, where Vercel looks for none."""
        for key, value in self.document.items():
            pointer, path, name = "", [key], key
            if isinstance(value, dict) and isinstance(value.get("crons"), list):
                pointer, path, name = f"`{key}` ", [key, "crons"], "crons"
            elif key == "crons" or not _LIKE_CRONS.fullmatch(key):
                continue
            message = (
                f"{pointer}should NOT have additional property `{name}`. Entries stand in `crons`, "
                "on top."
            )
            self._problem(message, ".".join(path), tuple(path), "unknown-key")

    def _items(self, key: str, *, also_object: bool = False) -> Iterator[tuple[int | str, Any]]:
        value = self.document[key]
        if isinstance(value, list):
            yield from enumerate(value)
        elif also_object and isinstance(value, dict):
            yield from value.items()
        else:
            self._wrong_type(value, "array", key, (key,))

    def _cron(self, item: Any, pointer: str, path: tuple[str | int, ...]) -> None:
        if not self._is(dict, item, pointer, path):
            return
        unknown = tuple(key for key in item if key not in {"path", "schedule"})
        for key in unknown:
            message = f"`{pointer}` should NOT have additional property `{key}`."
            self._problem(message, f"{pointer}.{key}", (*path, key), "unknown-key")
        target = self._path(item, pointer, path)
        schedule = self._expression(item, pointer, path)
        if target is not None and schedule is not None:
            meant = original_path(target)
            self.entries.append(
                CronEntry(
                    meant,
                    schedule,
                    self.locate(*path),
                    pointer,
                    self.origin,
                    unknown_keys=unknown,
                    called=target if meant != target else None,
                    index=int(path[1]),
                )
            )

    def _schedule(self, item: Any, pointer: str, path: tuple[str | int, ...]) -> None:
        """Read an entry of Vercel Schedules, whose target may lie one level deeper."""
        if not self._is(dict, item, pointer, path):
            return
        target = item["target"] if isinstance(item.get("target"), dict) else item
        schedule = self._expression(item, pointer, path)
        other = next((key for key in _OTHER_TARGETS if key in target), None)
        if "path" not in target and other:
            message = f"`{pointer}` starts the {other} {target[other]!r}, not a path."
            self._problem(message, pointer, path, "schedule-target-not-http")
            return
        called = self._path(target, pointer, path)
        zone = item.get("timezone", "UTC")
        jitter = item.get("jitter")
        self._is(str, zone, f"{pointer}.timezone", (*path, "timezone"))
        if jitter is not None and (type(jitter) is not int or not 1 <= jitter <= _LONGEST_JITTER):
            message = f"`{pointer}.jitter` should be an integer from 1 to 15."
            self._problem(message, f"{pointer}.jitter", (*path, "jitter"))
            jitter = None
        if called is None or schedule is None or not isinstance(zone, str):
            return
        name = item.get("name", path[-1])
        self.entries.append(
            CronEntry(
                called,
                schedule,
                self.locate(*path),
                pointer,
                Origin.SCHEDULES,
                timezone=zone,
                method=str(target.get("requestMethod", "POST")),
                name=name if isinstance(name, str) else None,
                jitter_minutes=jitter,
            )
        )

    def _path(self, item: Any, pointer: str, path: tuple[str | int, ...]) -> str | None:
        value = self._required(item, "path", pointer, path)
        if value is None:
            return None
        if not value.startswith("/"):
            message = f'`{pointer}.path` should match pattern "^/.*".'
            self._problem(message, f"{pointer}.path", (*path, "path"))
            return None
        if len(value) > LONGEST_PATH:
            message = f"`{pointer}.path` should NOT be longer than {LONGEST_PATH} characters."
            self._problem(message, f"{pointer}.path", (*path, "path"))
        return value

    def _expression(self, item: Any, pointer: str, path: tuple[str | int, ...]) -> str | None:
        value = self._required(item, "schedule", pointer, path)
        shortest, longest = _SCHEDULE_LENGTH
        if value is not None and not shortest <= len(value) <= longest:
            which = (
                f"shorter than {shortest}" if len(value) < shortest else f"longer than {longest}"
            )
            message = f"`{pointer}.schedule` should NOT be {which} characters."
            self._problem(message, f"{pointer}.schedule", (*path, "schedule"))
        return value

    def _required(
        self, item: Any, key: str, pointer: str, path: tuple[str | int, ...]
    ) -> str | None:
        if key not in item:
            self._problem(f"`{pointer}` missing required property `{key}`.", pointer, path)
            return None
        value = item[key]
        if not self._is(str, value, f"{pointer}.{key}", (*path, key)):
            return None
        if any("\ud800" <= char <= "\udfff" for char in value):
            message = f"`{pointer}.{key}` should be text; it holds half a character."
            self._problem(message, f"{pointer}.{key}", (*path, key))
            return None
        return str(value)

    def _is(self, kind: type, value: Any, pointer: str, path: tuple[str | int, ...]) -> bool:
        if isinstance(value, kind):
            return True
        self._wrong_type(value, _TYPE_NAMES[kind], pointer, path)
        return False

    def _wrong_type(
        self, value: Any, wanted: str, pointer: str, path: tuple[str | int, ...]
    ) -> None:
        if isinstance(value, NotLiteral):
            message = (
                f"`{pointer}` is computed ({value.text}); it cannot be read without running it."
            )
            self._problem(message, pointer, path, "not-literal")
        else:
            self._problem(f"`{pointer}` should be {wanted}.", pointer, path)

    def _problem(
        self,
        message: str,
        pointer: str,
        path: tuple[str | int, ...],
        rule: str = "invalid-entry",
    ) -> None:
        entry = _pointer(*path[:2]) if len(path) > 1 else None
        self.problems.append(Problem(pointer, message, self.locate(*path), rule, entry))


def _pointer(array: str | int, key: str | int) -> str:
    """Return the place of an entry, as a reader calls it."""
    return f"{array}[{key}]" if isinstance(key, int) else f"{array}.{key}"
