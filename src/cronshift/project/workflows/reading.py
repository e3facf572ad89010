"""A workflow's schedules, and the calls of routes that each of them makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.model import Location
from cronshift.project.workflows.call import call_of, filled_in
from cronshift.project.workflows.fetching import fetched
from cronshift.project.workflows.shell import ShellScript, read_script
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from yaml import Node

    from cronshift.handlers.tree import SourceTree
    from cronshift.project.workflows.call import RouteCall

    _Only = frozenset[str] | None
    """The schedules on which alone a call is made; ``None`` for all of them."""

FOLDER = ".github/workflows"
_HIGHEST = 6  # folders above
_LARGEST = 500_000  # bytes
_FIELDS = 5
_EXPRESSION = lazy_pattern(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_NAMED = lazy_pattern(r"[a-z]+\.[\w.-]+")
_BY_SCHEDULE = lazy_pattern(r"github\.event\.schedule\s*==\s*(['\"])(.*?)\1")
_ALWAYS = lazy_pattern(r"github\.event_name\s*==\s*(['\"])schedule\1|always\(\)|success\(\)")
_OTHER_EVENT = lazy_pattern(r"github\.event_name\s*==\s*(['\"])(?!schedule\1)\w+\1")
"""What no scheduled run is."""
_NESTED = lazy_pattern(r"\((?!\))")
_HARMLESS = ("actions/checkout@", "actions/github-script@")


class WorkflowCall(Struct, frozen=True):
    """One call of a route that a schedule of a workflow makes.

    Attributes:
        location: of the schedule; ``called_at`` is of the call.
        number: of the schedule among the workflow's, from 0.
        timezone: of the schedule.
        more: what the workflow does beside its calls, as a sentence goes on; empty for nothing.
        is_inside: whether the file lies in the project's folder.
    """

    location: Location
    number: int
    schedule: str
    call: RouteCall
    called_at: Location
    timezone: str = "UTC"
    more: str = ""
    is_inside: bool = True

    def unlike(self, secret: str, addresses: Collection[str]) -> str | None:
        """Return the reason that it cannot be taken over as a job, as a sentence goes on.

        Args:
            secret: the variable whose value cronshift sends as the bearer.
            addresses: where the app is known to answer; none where that is not known.
        """
        if not self.is_inside:
            return "the workflow does not stand in the project's folder"
        if self.more:
            return self.more
        if len(self.schedule.split()) != _FIELDS:
            return f"its schedule {self.schedule!r} has not five fields"
        return self.call.unlike(secret, addresses)


class _JobCalls(Struct, frozen=True):
    """The calls of a job of a workflow, with the only schedules that each is made on, if they are told."""

    calls: tuple[tuple[RouteCall, int, _Only], ...] = ()
    more: tuple[str, ...] = ()


def scheduled_calls(tree: SourceTree) -> Iterator[WorkflowCall]:
    """Yield the calls of routes in the repository's scheduled workflows."""
    for file in tree.under(FOLDER):
        if _is_workflow(file):
            yield from read_workflow(tree.read(file), file)
    for file, text in _above(tree.root):
        yield from read_workflow(text, file, is_inside=False)


def read_workflow(text: str, file: str, *, is_inside: bool = True) -> tuple[WorkflowCall, ...]:
    """Return the calls of routes on the schedules of one workflow; none where it is not readable."""
    root = document(text) if "schedule" in text else None
    top = members(root)
    schedules = _schedules(top)
    if not schedules:
        return ()
    values = _values(top.get("env"), {})
    works = [_work(job, values) for job in members(top.get("jobs")).values()]
    more = next((reason for work in works for reason in work.more), "")
    return tuple(
        WorkflowCall(
            Location(file, line + 1),
            number,
            schedule,
            call,
            Location(file, called + 1),
            zone,
            more,
            is_inside,
        )
        for number, (schedule, zone, line) in enumerate(schedules)
        for work in works
        for call, called, only in work.calls
        if only is None or schedule in only
    )


def schedules_of(text: str) -> list[tuple[str, str]]:
    """Return the schedules of a workflow, each with its zone."""
    return [(cron, zone) for cron, zone, _ in _schedules(members(document(text)))]


def document(text: str) -> Node | None:
    """Return the nodes of a YAML text; ``None`` where it is none."""
    import yaml

    try:
        root: Node | None = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return root


def members(node: Node | None) -> dict[str, Node]:
    """Return the values of a mapping, by their keys; none of anything else."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def items(node: Node | None) -> list[Node]:
    """Return the parts of a list; none of anything else."""
    import yaml

    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def scalar(node: Node | None) -> str:
    """Return a node's text; an empty one for what is no text."""
    import yaml

    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _schedules(top: Mapping[str, Node]) -> list[tuple[str, str, int]]:
    """Return each schedule with its zone and its line, from 0."""
    listed = items(members(top.get("on")).get("schedule"))
    return [
        (scalar(parts["cron"]), scalar(parts.get("timezone")) or "UTC", node.start_mark.line)
        for node in listed
        if "cron" in (parts := members(node))
    ]


def _work(job: Node, outer: Mapping[str, str]) -> _JobCalls:
    parts = members(job)
    values = _values(parts.get("env"), outer)
    only, odd = _condition(scalar(parts.get("if")))
    more = [f"a job runs only if {odd}"] if odd else []
    if "uses" in parts:
        more.append(f"a job uses {scalar(parts['uses'])}")
    if "matrix" in members(parts.get("strategy")):
        more.append("a job runs once for each value of a matrix")
    calls: list[tuple[RouteCall, int, _Only]] = []
    for step in items(parts.get("steps")):
        made, reason = _step(step, values, only)
        calls += made
        more += [reason] if reason else []
    return _JobCalls(tuple(calls), tuple(more))


def _step(
    step: Node, outer: Mapping[str, str], only: _Only
) -> tuple[list[tuple[RouteCall, int, _Only]], str]:
    """Return the calls of a step, and what it does beside them."""
    parts = members(step)
    uses, condition = scalar(parts.get("uses")), scalar(parts.get("if"))
    code = parts.get("run") or members(parts.get("with")).get("script")
    if uses and not uses.startswith(_HARMLESS):
        return [], f"a step uses {uses}"
    if code is None:
        return [], ""
    text = _spelled(scalar(code))
    values = _values(parts.get("env"), outer)
    if uses:
        calls = fetched(text)
        script = ShellScript(calls) if calls is not None else ShellScript(others=("a script",))
    elif scalar(parts.get("shell")) not in {"", "bash", "sh"}:
        return [], f"a step runs in {scalar(parts['shell'])}"
    else:
        script = read_script(text, values)
    start = code.start_mark.line + (1 if getattr(code, "style", None) in {"|", ">"} else 0)
    on, odd = _condition(condition)
    calls_made = [(_filled(call, values), start + call.line, on or only) for call in script.calls]
    if script.others:
        return calls_made, f"a step runs {', '.join(script.others)}"
    return calls_made, f"a step runs only if {odd}" if odd and script.calls else ""


def _filled(call: RouteCall, values: Mapping[str, str]) -> RouteCall:
    url = filled_in(call.address + call.path, values)
    headers = {name: filled_in(value, values) for name, value in call.headers.items()}
    return call_of(url, call.method, headers, call.doubt, call.line) or call


def _condition(text: str) -> tuple[_Only, str]:
    """Return the schedules that a condition asks for, and the condition where it asks for more."""
    bare = text.strip().removeprefix("${{").removesuffix("}}").strip()
    schedules = set()
    choices = [bare] if _NESTED.search(bare) else bare.split("||")
    for choice in choices:
        asked = [part.strip() for part in choice.split("&&")]
        asked = [part for part in asked if part and not _ALWAYS.fullmatch(part)]
        if not asked:
            return None, ""
        match = _BY_SCHEDULE.fullmatch(asked[0])
        if match and len(asked) == 1:
            schedules.add(match[2])
        elif not any(map(_OTHER_EVENT.fullmatch, asked)):
            return None, " ".join(bare.split())
    return (frozenset(schedules), "") if schedules else (None, " ".join(bare.split()))


def _values(env: Node | None, outer: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an ``env``, and those around it; ``env.NAME`` means the same."""
    here = {name: filled_in(_spelled(scalar(value)), outer) for name, value in members(env).items()}
    return {**outer, **here, **{f"env.{name}": value for name, value in here.items()}}


def _spelled(text: str) -> str:
    """Return a text in which what GitHub puts in stands as ``${secrets.NAME}``."""
    return _EXPRESSION.sub(
        lambda match: f"${{{match[1] if _NAMED.fullmatch(match[1]) else 'github.expression'}}}",
        text,
    )


def _is_workflow(file: str) -> bool:
    return file.count("/") == FOLDER.count("/") + 1 and file.endswith((".yml", ".yaml"))


def _above(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the workflows of the repository that a project is a folder of."""
    inner, up = root.resolve(), ".."
    for above in inner.parents[:_HIGHEST]:
        if (inner / ".git").exists():
            return
        folder = above / FOLDER
        for path in (
            sorted(folder.iterdir()) if (above / ".git").exists() and folder.is_dir() else ()
        ):
            is_file = is_regular(path) and not path.is_symlink() and path.stat().st_size <= _LARGEST
            if is_file and path.suffix in {".yml", ".yaml"}:
                yield f"{up}/{FOLDER}/{path.name}", read_text(path, _LARGEST)
        inner, up = above, f"{up}/.."
