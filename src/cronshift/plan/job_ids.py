"""Job ids: one for every entry, unique, the same in whatever order the entries stand.

``/api/cron/x`` becomes ``x``. Where several entries would share a name, it grows by what tells
them apart: the whole path, then as much of the query as it takes, then the schedule; entries that are the same in
everything are numbered. What still clashes gets a short digest of what it stands for.
"""

from __future__ import annotations

import keyword
from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from cronshift.errors import CronshiftError, path_to_show
from cronshift.model import Origin
from cronshift.project.slug import digest, slug
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from cronshift.model import CronEntry

_SHARED_PREFIX = lazy_pattern(r"^/(?:api/)?(?:(?:cron|crons|cron-jobs|jobs|internal)/)*")
_LONGEST = 48  # characters
_MOST_COMBINED = 2  # parameters
_SHORTEST_MADE = 12  # characters
_FIELD_LETTERS = ("m", "h", "d", "mo", "w")


def job_ids(entries: Sequence[CronEntry], taken: Collection[str] = ()) -> tuple[str, ...]:
    """Return an id for each entry, in the order given.

    Args:
        entries: the entries to name.
        taken: ids that are spoken for, because the user gave them to other entries.
    """
    names: dict[int, str] = {}
    for short, group in _grouped(
        range(len(entries)), lambda i: slug(short_path(_stable(entries[i])))
    ):
        for base, same_path in _named_by_path(short, group, entries):
            for name, same_query in _named_by_query(base, same_path, entries):
                names.update(_named_by_schedule(name, same_query, entries))
    names = {index: _short(name) for index, name in names.items()}
    _settle_clashes(names, entries, taken)
    return tuple(names[index] for index in range(len(entries)))


def module_name(job_id: str) -> str:
    """Return the Python identifier of a job's module and function; different for different ids."""
    name = job_id.replace("-", "_")
    return f"job_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name


def short_path(path: str) -> str:
    """Return a path without its query and without the leading parts that cron routes share."""
    bare = path.partition("?")[0].strip("/")
    return _SHARED_PREFIX.sub("", f"/{bare}/").strip("/") or bare.rpartition("/")[2]


def _stable(entry: CronEntry) -> str:
    """Return an entry's path, without the parts that a build makes up anew each time."""
    if entry.origin is not Origin.BUILD_OUTPUT:
        return entry.path
    parts = entry.path.partition("?")[0].split("/")
    return "/".join(part for part in parts if not _is_made(part)) or entry.path


def _query(entry: CronEntry) -> str:
    """Return an entry's query, with a digest for each credential in it: an id is shown to everybody."""
    return path_to_show(entry.path, digest).partition("?")[2]


def _is_made(part: str) -> bool:
    """Return whether a part of a path was made at random, so that the next build makes another."""
    kinds = (any(map(kind, part)) for kind in (str.isdigit, str.isupper, str.islower))
    return len(part) >= _SHORTEST_MADE and part.isalnum() and all(kinds)


def unknown_job(name: str, names: Sequence[str]) -> CronshiftError:
    """Return the error for a job that is not there, with the one that was probably meant."""
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=1, cutoff=0.5)
    return CronshiftError(
        f"There is no job {name!r}.",
        reason="no-such-job",
        hint=f"Did you mean {close[0]}?"
        if close
        else f"The jobs are: {', '.join(names) or 'none'}.",
    )


def _named_by_path(
    short: str, group: Sequence[int], entries: Sequence[CronEntry]
) -> Iterable[tuple[str, list[int]]]:
    by_path = _grouped(group, lambda i: entries[i].path.partition("?")[0])
    if len(by_path) == 1:
        return [(short, by_path[0][1])]
    return _distinct([(slug(path), path, members) for path, members in by_path])


def _named_by_query(
    base: str, group: Sequence[int], entries: Sequence[CronEntry]
) -> Iterable[tuple[str, list[int]]]:
    by_query = _grouped(group, lambda i: _query(entries[i]))
    if len(by_query) == 1:
        return [(base, by_query[0][1])]
    telling = _telling([query for query, _ in by_query])
    named = []
    for query, members in by_query:
        parts = (part for part in query.split("&") if part and part.partition("=")[0] in telling)
        values = "-".join(unquote_plus(part.partition("=")[2] or part) for part in parts)
        named.append((slug(f"{base}-{values}"), query, members))
    return _distinct(named)


def _telling(queries: Sequence[str]) -> frozenset[str]:
    """Return the fewest parameters that tell queries apart, of several the shortest; else all.

    Those that every query has with the same value tell nothing.
    """
    parts = [[part for part in query.split("&") if part] for query in queries]
    shared = set.intersection(*map(set, parts))
    names = sorted(
        {part.partition("=")[0] for query in parts for part in query if part not in shared}
    )
    for number in range(1, min(len(names), _MOST_COMBINED) + 1):
        able = []
        for chosen in combinations(names, number):
            texts = [
                [part for part in query if part.partition("=")[0] in chosen] for query in parts
            ]
            if len({slug("-".join(text)) for text in texts if text}) + ([] in texts) == len(
                queries
            ):
                able.append((max(len("".join(text)) for text in texts), chosen))
        if able:
            return frozenset(min(able)[1])
    return frozenset(names)


def _short(name: str) -> str:
    """Return a name that can be read at a glance: a long one is cut between words, with a digest."""
    if len(name) <= _LONGEST:
        return name
    kept = name[: _LONGEST - len(digest(name))].rpartition("-")[0] or name[:_LONGEST]
    return f"{kept.strip('-')}-{digest(name)}"


def _named_by_schedule(
    base: str, group: Sequence[int], entries: Sequence[CronEntry]
) -> Iterable[tuple[int, str]]:
    by_schedule = _grouped(group, lambda i: " ".join(entries[i].schedule.split()))
    if len(by_schedule) > 1:
        columns = list(zip(*(text.split() for text, _ in by_schedule), strict=False))
        named = []
        for text, members in by_schedule:
            segments = [
                f"{letter}{field.replace('*/', 'every-')}"
                for letter, field, column in zip(
                    _FIELD_LETTERS, text.split(), columns, strict=False
                )
                if field != "*" and len(set(column)) > 1
            ]
            named.append((slug("-".join([base, *segments])), text, members))
        return [pair for name, members in _distinct(named) for pair in _numbered(name, members)]
    return _numbered(base, by_schedule[0][1])


def _numbered(name: str, members: Sequence[int]) -> Iterable[tuple[int, str]]:
    return [
        (index, name if number == 1 else f"{name}-{number}")
        for number, index in enumerate(members, 1)
    ]


def _distinct(named: Sequence[tuple[str, str, list[int]]]) -> list[tuple[str, list[int]]]:
    """Add a digest to the names that several different texts came out as."""
    times = Counter(name for name, _, _ in named)
    return [
        (name if times[name] == 1 else f"{name}-{digest(text)}", members)
        for name, text, members in named
    ]


def _settle_clashes(
    names: dict[int, str], entries: Sequence[CronEntry], taken: Collection[str]
) -> None:
    """Give a digest to every name that another branch of the naming, or the user, also chose."""
    times = Counter(names.values())
    for index, name in names.items():
        if times[name] > 1 or name in taken:
            entry = entries[index]
            names[index] = f"{name}-{digest(f'{entry.path} {entry.schedule} {name}')}"


def _grouped(indexes: Iterable[int], key: Callable[[int], str]) -> list[tuple[str, list[int]]]:
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index in indexes:
        groups[key(index)].append(index)
    return list(groups.items())
