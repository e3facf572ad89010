"""The Inngest side as the app's sources show it, ``CS4xx``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers import Verdict
from cronshift.handlers.durations import duration_of
from cronshift.handlers.javascript import arguments, line_of
from cronshift.handlers.literals import pairs
from cronshift.model import Location, Severity
from cronshift.plan.findings.rule import Evidence, Rule
from cronshift.project.inngest_sdk import is_refused, sdk_major, sdk_version
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.plan.findings.subject import ProjectSubject

ENDPOINT = "/api/inngest"
KEYS = ("INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY")
"""The variables that the SDK reads in production."""
ENV_EXAMPLE = lazy_pattern(
    r"(^|/)(\.env(\.\w+)?\.(example|sample|template|dist)|(example|sample)\.env|env\.example)$"
)
_GENERATED_FOR = {3, 4}
_DEFAULT_DURATION = 300  # seconds; Vercel's documented default (facts: Vercel, section 3)


def _refused_sdk(project: ProjectSubject) -> Iterator[Evidence]:
    version = sdk_version(project.tree) if project.knows_routes else None
    if version is not None and is_refused(version):
        text = f"inngest {'.'.join(map(str, version))} is refused by Inngest's server."
        yield Evidence(text, project.tree.place_of("package.json", '"inngest"'))


def _other_sdk(project: ProjectSubject) -> Iterator[Evidence]:
    major = sdk_major(project.tree) if project.knows_routes else None
    if major and major not in _GENERATED_FOR:
        text = f"The app has version {major} of inngest."
        yield Evidence(text, project.tree.place_of("package.json", '"inngest"'))


def _other_majors(project: ProjectSubject) -> Iterator[Evidence]:
    tree = project.tree
    major = sdk_major(tree) if project.knows_routes else None
    if major not in _GENERATED_FOR:
        return
    for file in sorted(tree.files):
        if file.endswith((".ts", ".js", ".tsx", ".mts", ".mjs")):
            text = tree.read(file)
            if "createFunction(" in text and "inngest" in text.lower():
                yield from _other_major(tree, file, major)


def _other_major(tree: SourceTree, file: str, major: int) -> Iterator[Evidence]:
    root = tree.parsed(file)
    for call in root.find_all(kind="call_expression") if root is not None else ():
        called, passed = call.field("function"), arguments(call)
        if called is None or not called.text().endswith(".createFunction") or not passed:
            continue
        options = dict(pairs(passed[0])) if passed[0].kind() == "object" else {}
        if "id" not in options:
            continue
        in_options = "triggers" in options and len(passed) == 2  # noqa: PLR2004 - options and handler
        if (major == 4 and len(passed) == 3) or (major == 3 and in_options):  # noqa: PLR2004 - majors and arguments
            text = f"createFunction is written for v{7 - major}, and inngest {major} is in use."
            yield Evidence(text, Location(file, line_of(call)))


def _serve_duration(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield an endpoint that must end before a handler that it replaces would."""
    judge = project.judge
    resolution = judge.resolver.resolve(ENDPOINT)
    served = resolution.handler
    longest = max(
        (job.handler.max_duration or 0 for job in project.jobs if job.handler is not None),
        default=0,
    )
    if served is None or resolution.verdict is not Verdict.ANSWERED:
        return
    if not project.is_moving or "inngest" not in project.tree.read(served.file):
        return  # a catch-all of something else
    duration = duration_of(project.tree, served.file)
    configured = judge.configured_duration(served.file)
    if isinstance(duration, Location) and configured is None:
        text = f"Only running {served.file} would tell how long it may run"
        least = f", and a handler that it replaces may run for {longest} s" if longest else ""
        yield Evidence(f"{text}{least}.", duration)
        return
    limit = duration if isinstance(duration, int) else configured
    if longest > (limit or _DEFAULT_DURATION):
        runs = f"may run for {limit} s" if limit else f"says no maxDuration ({_DEFAULT_DURATION} s)"
        text = f"{served.file} {runs}; a handler that it replaces may run for {longest} s."
        yield Evidence(text, Location(served.file, 1))


def _missing_keys(project: ProjectSubject) -> Iterator[Evidence]:
    for file in sorted(project.tree.files) if project.is_moving else ():
        here = file.rpartition("/")[0] in {"", project.judge.resolver.app}
        if here and ENV_EXAMPLE.search(file):
            text = project.tree.read(file)
            missing = [
                key
                for key in KEYS
                if not re.search(rf"^\s*#?\s*(export\s+)?{key}\b", text, re.MULTILINE)
            ]
            if missing:
                message = f"{file} does not name {' and '.join(missing)}."
                yield Evidence(message, Location(file, 1))


def _passed_over(project: ProjectSubject) -> Iterator[Evidence]:
    if project.is_moving and project.passed_over is not None:
        text = f"Functions go into a Python package: {project.passed_over}."
        yield Evidence(text, Location(project.config_file, 1))


REFUSED_SDK = Rule(
    "CS423",
    "refused-sdk",
    Severity.ERROR,
    "Inngest refuses TypeScript SDKs from 3.22.0 to 3.53.1 (CVE-2026-42047).",
    "Upgrade the inngest package to 3.54.0 or later.",
    of_project=_refused_sdk,
)
OTHER_SDK = Rule(
    "CS561",
    "other-sdk",
    Severity.ERROR,
    "Functions are generated for versions 3 and 4 of the TypeScript SDK, and the app has another.",
    "Upgrade the inngest package, and the app's own functions with it.",
    of_project=_other_sdk,
)
SERVE_DURATION = Rule(
    "CS431",
    "serve-duration",
    Severity.WARNING,
    "The route that serves the functions may run for less time than a handler it replaces.",
    "Set its `maxDuration` to the longest of the handlers'.",
    of_project=_serve_duration,
)
OTHER_MAJOR = Rule(
    "CS432",
    "other-majors-shape",
    Severity.ERROR,
    "createFunction is called in the shape of another major of the SDK: v4 takes the trigger in the "
    "options, v3 as its second argument. The other shape registers a function that never fires.",
    "Write it as the installed version asks for.",
    of_project=_other_majors,
)
MISSING_KEYS = Rule(
    "CS433",
    "keys-not-in-example",
    Severity.NOTE,
    "The example of the environment does not name what Inngest needs in production.",
    "Add INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY, without values.",
    of_project=_missing_keys,
)
PASSED_OVER = Rule(
    "CS558",
    "target-passed-over",
    Severity.NOTE,
    "Functions could live in the app, in its own language, but for what the message says. The plan makes "
    "Python functions, which call the app over HTTP and need a worker of their own.",
    'Change what stands in the way; or write `target = "python"` under [project] to mean it.',
    of_project=_passed_over,
)
