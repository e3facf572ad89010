"""An Inngest function of the app's own and an entry of Vercel's: whether they do the same work."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from cronshift.errors import ScheduleError
from cronshift.plan.job_ids import short_path
from cronshift.project.conventions.cron_functions import uses_of
from cronshift.project.slug import slug
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import CronEntry, Handler
    from cronshift.project.conventions.cron_functions import CronFunction

    Uses = frozenset[tuple[str, str]]


def handler_uses(tree: SourceTree, handler: Handler) -> Uses:
    """Return the names of other modules that a handler uses, and its own export."""
    if handler.language != "python":
        return uses_of(tree, handler.file) | {(handler.file, handler.export)}
    line = handler.route.line if handler.route else handler.line
    file = handler.route.file if handler.route else handler.file
    text = tree.read(file)
    for node in ast.walk(tree.python(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first <= line <= (node.end_lineno or first):
                module = file.rpartition("/")[2].removesuffix(".py")
                segment = ast.get_source_segment(text, node) or ""
                return uses_of(tree, file, segment) | {(module, node.name)}
    return frozenset()


def schedule_of(function: CronFunction) -> tuple[Schedule | None, str]:
    """Return the one schedule of a function, else the reason why there is none."""
    if len(function.crons) != 1:
        how = (
            "several schedules" if function.crons else "a schedule that only running it would tell"
        )
        return None, f"it has {how}"
    try:
        return Schedule.parse(function.crons[0]), ""
    except ScheduleError as error:
        return None, f"its schedule means nothing: {error.message}"


def used_by_several(handlers: Iterable[tuple[str, Uses]]) -> Uses:
    """Return the names that handlers of several paths use, which tell none of them."""
    paths = defaultdict[tuple[str, str], set[str]](set)
    for path, uses in handlers:
        for use in uses:
            paths[use].add(path)
    return frozenset(use for use, several in paths.items() if len(several) > 1)


def work_shared(function: CronFunction, schedule: Schedule, entry: CronEntry, uses: Uses) -> str:
    """Return the evidence that a function does an entry's work; an empty text for none.

    Args:
        function: of the app.
        schedule: the function's.
        entry: of Vercel's.
        uses: the names that the entry's handler uses, and no other handler.
    """
    if names_path(function, entry):
        return f"it names {entry.path.partition('?')[0]}"
    if shared := sorted(function.uses & uses):
        module, name = shared[0]
        return f"it uses {name} of {module}, as the route did"
    alike = _words(function.id) == _words(short_path(entry.path.partition("?")[0]))
    return "its name and its ticks are the entry's" if alike and same_ticks(entry, schedule) else ""


def names_path(function: CronFunction, entry: CronEntry) -> bool:
    """Return whether a function's source spells an entry's path."""
    path = entry.path.partition("?")[0]
    return re.search(rf"{re.escape(path)}(?![\w/.-])", function.text) is not None


def _words(name: str) -> frozenset[str]:
    """Return the words of an id, in whatever case it is written; not those that any job may have."""
    return frozenset(slug(name).split("-")) - {"cron", "job", "task"}


def same_ticks(entry: CronEntry, schedule: Schedule) -> bool:
    """Return whether a function fires exactly when an entry does."""
    try:
        meant = Schedule.from_vercel(entry.schedule)
    except ScheduleError:
        return False
    return meant.fields == schedule.fields and schedule.zone in {"UTC", entry.timezone}
