"""Edits of a workflow's schedules: text in, text out, and nothing else in the text changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.project.workflows.reading import document, items, members, schedules_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from yaml import Node


def without_schedules(text: str, numbers: Collection[int]) -> str | None:
    """Return a workflow without some of its schedules; ``None`` where it is no plain block of lines.

    Where nothing else starts it, it can be started by hand from then on: GitHub refuses one that nothing starts.
    """
    on = members(document(text)).get("on")
    listed = items(members(on).get("schedule"))
    lines = text.splitlines(keepends=True)
    if on is None or not listed or not _are_blocks(text, on):
        return None
    gone = sorted(numbers)
    if len(gone) == len(listed):
        start, end = _line_of(on, "schedule"), _last_line(listed[-1]) + 1
        indent = _indent(lines[start])
        left = [] if len(members(on)) > 1 else [f"{indent}workflow_dispatch:{_newline(text)}"]
        lines[start:end] = left
    else:
        for number in reversed(gone):
            node = listed[number]
            start = _with_its_comment(lines, node.start_mark.line)
            del lines[start : _last_line(node) + 1]
    return _as_meant(text, "".join(lines), gone)


def with_schedule(text: str, cron: str, timezone: str) -> str | None:
    """Return a workflow with one more schedule, the last; ``None`` where it is no plain block of lines."""
    on = members(document(text)).get("on")
    lines = text.splitlines(keepends=True)
    if on is None or not members(on) or not _are_blocks(text, on):
        return None
    listed, newline = items(members(on).get("schedule")), _newline(text)
    if listed:
        at, indent = _last_line(listed[-1]) + 1, _indent(lines[listed[-1].start_mark.line])
        new = []
    else:
        at = on.start_mark.line
        new = [f"{_indent(lines[at])}schedule:{newline}"]
        indent = f"{_indent(lines[at])}  "
    quoted = " ".join(cron.split()).replace("'", "''")
    new.append(f"{indent}- cron: '{quoted}'{newline}")
    if timezone != "UTC":
        new.append(f"{indent}  timezone: {timezone}{newline}")
    lines[at:at] = new
    made = "".join(lines)
    wanted = [*schedules_of(text), (" ".join(cron.split()), timezone)]
    return made if schedules_of(made) == wanted else None


def _are_blocks(text: str, on: Node) -> bool:
    """Return whether the triggers and their schedules are blocks, each on lines of its own."""
    schedule = members(on).get("schedule")
    lines = text.splitlines()
    nodes = [on, *([schedule] if schedule is not None else [])]
    return all(not getattr(node, "flow_style", True) for node in nodes) and all(
        lines[node.start_mark.line].lstrip().startswith("- ") for node in items(schedule)
    )


def _as_meant(before: str, after: str, gone: Collection[int]) -> str | None:
    """Return a text that has the schedules and the keys that it is to have; else ``None``."""
    wanted = [each for number, each in enumerate(schedules_of(before)) if number not in gone]
    old, new = members(document(before)), members(document(after))
    return after if schedules_of(after) == wanted and old.keys() == new.keys() else None


def _line_of(mapping: Node, name: str) -> int:
    line: int = next(key.start_mark.line for key, _ in mapping.value if key.value == name)
    return line


def _last_line(item: Node) -> int:
    """Return the last line of a schedule, from 0."""
    return max(value.end_mark.line for value in members(item).values())


def _with_its_comment(lines: list[str], start: int) -> int:
    """Return the first line of the comment right above a line, else that line."""
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
