"""The functions that an app has of its own, beside the entries that git remembers: which did the work of which."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import ConfigError
from cronshift.handlers import Resolver
from cronshift.plan.same_work import (
    handler_uses,
    same_ticks,
    schedule_of,
    used_by_several,
    work_shared,
)
from cronshift.project.history import files_since_gone, versions
from cronshift.vercel import parse_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from cronshift.model import CronEntry, Handler
    from cronshift.project.conventions.cron_functions import CronFunction
    from cronshift.project.history import FileVersion
    from cronshift.runtime.schedule import Schedule


class PastEntry(Struct, frozen=True):
    """An entry that the configuration once had.

    Attributes:
        commit: the last that had it.
        gone: the instant of the commit that took it out.
        handler: the source that answered it then; ``None`` where that is not told.
        uses: what that source used of other modules of the app.
    """

    entry: CronEntry
    commit: str
    gone: datetime
    handler: Handler | None = None
    uses: frozenset[tuple[str, str]] = frozenset()


class Match(Struct, frozen=True):
    """A function, and the entry whose work it does; ``evidence`` is a sentence's end."""

    function: CronFunction
    past: PastEntry
    schedule: Schedule
    evidence: str

    @property
    def has_the_ticks(self) -> bool:
        """True when the function fires exactly when the entry did."""
        return same_ticks(self.past.entry, self.schedule)


class Unmatched(Struct, frozen=True):
    """A function or an entry of which is not known what became of it; ``reason`` is a sentence."""

    name: str
    place: str
    reason: str


def past_entries(root: Path, file: str, now: Resolver) -> tuple[PastEntry, ...]:
    """Return the entries that git remembers of a configuration, and that no later one has, newest first.

    Args:
        root: the project's folder.
        file: the configuration.
        now: finds the sources that answer today: a route may stay, and share the function's work since.
    """
    states = versions(root, file)
    seen: set[tuple[str, str]] = set()
    past: list[PastEntry] = []
    for newer, older in itertools.pairwise(states):
        later = _entries(newer, file)
        paths = {entry.path for entry in later}
        seen |= {(entry.path, entry.schedule) for entry in later}
        for entry in _entries(older, file):
            key = (entry.path, entry.schedule)
            if key not in seen and entry.path not in paths:
                past.append(PastEntry(entry, older.commit, newer.committed))
            seen.add(key)
    return tuple(_with_handlers(root, file, past, now))


def _entries(version: FileVersion, file: str) -> tuple[CronEntry, ...]:
    try:
        return parse_config((version.data or b"{}").decode(), file).entries
    except (ConfigError, UnicodeDecodeError):
        return ()


def handler_at(root: Path, file: str, commit: str, path: str) -> Handler | None:
    """Return the source that answered a path when a commit was made; ``None`` where that is not told."""
    return _resolver_at(root, file, commit).resolve(path).handler


def _resolver_at(root: Path, file: str, commit: str) -> Resolver:
    files = files_since_gone(root, commit)
    text = files.get(file, b"{}").decode(errors="replace")
    return Resolver(root, parse_config(text, file).document, dict(files))


def _with_handlers(
    root: Path, file: str, past: Sequence[PastEntry], now: Resolver
) -> Iterator[PastEntry]:
    """Yield the entries with what answered them, in the files as they were, and what that uses now."""
    resolvers: dict[str, Resolver] = {}
    for each in past:
        if each.commit not in resolvers:
            resolvers[each.commit] = _resolver_at(root, file, each.commit)
        resolver = resolvers[each.commit]
        handler = resolver.resolve(each.entry.path).handler
        uses = handler_uses(resolver.tree, handler) if handler is not None else frozenset()
        left = now.resolve(each.entry.path).handler
        uses |= handler_uses(now.tree, left) if left is not None else frozenset()
        yield PastEntry(each.entry, each.commit, each.gone, handler, uses)


def matched(
    functions: Sequence[CronFunction], past: Sequence[PastEntry]
) -> tuple[list[Match], list[Unmatched]]:
    """Return the functions whose entry is certain, and what cannot be matched, with the reason."""
    matches: list[Match] = []
    unknown: list[Unmatched] = []
    common = used_by_several((each.entry.path, each.uses) for each in past)
    for function in functions:
        schedule, reason = schedule_of(function)
        if schedule is None:
            unknown.append(Unmatched(function.id, str(function.location), reason))
            continue
        candidates = [
            (each, why)
            for each in past
            if (why := work_shared(function, schedule, each.entry, each.uses - common))
        ]
        same = [(each, why) for each, why in candidates if same_ticks(each.entry, schedule)]
        certain = same if len(candidates) > 1 else candidates
        if len(certain) == 1:
            matches.append(Match(function, certain[0][0], schedule, certain[0][1]))
            continue
        text = (
            f"it could be {' or '.join(f'{each.entry.path} ({each.entry.schedule})' for each, _ in candidates)}"
            if candidates
            else _nothing(schedule, past)
        )
        unknown.append(Unmatched(function.id, str(function.location), text))
    return _one_each(matches, unknown, past)


def _one_each(
    matches: Sequence[Match], unknown: list[Unmatched], past: Sequence[PastEntry]
) -> tuple[list[Match], list[Unmatched]]:
    """Part the matches in those of one entry each, and the others; tell of entries without a function."""
    certain = []
    for match in matches:
        twins = [other.function.id for other in matches if other.past is match.past]
        if len(twins) > 1:
            text = f"{match.past.entry.path} could be {' or '.join(twins)}"
            unknown.append(Unmatched(match.function.id, str(match.function.location), text))
        else:
            certain.append(match)
    taken = [match.past for match in matches]
    for each in past:
        if all(each is not other for other in taken):
            text = "no function in the source is known to do its work"
            place = f"{each.commit[:10]}:{each.entry.source}"
            unknown.append(Unmatched(f"{each.entry.path} ({each.entry.schedule})", place, text))
    return certain, unknown


def _nothing(schedule: Schedule, past: Sequence[PastEntry]) -> str:
    alike = [each.entry.path for each in past if same_ticks(each.entry, schedule)]
    if alike:
        return f"it fires as {' and '.join(alike)} did, and nothing tells that it does that work"
    return "no entry that git remembers had its path, its work, or its name and ticks"
