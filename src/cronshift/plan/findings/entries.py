"""The rules of schedules and entries, ``CS1xx``: Vercel's refusals, and Inngest's reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.errors import ConfigError
from cronshift.model import Severity
from cronshift.plan.findings.rule import Evidence, Rule
from cronshift.vercel.nitro import read_nitro
from cronshift.vercel.reading import NITRO_CONFIGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.plan.findings.subject import ProjectSubject


def _services(project: ProjectSubject) -> Iterator[Evidence]:
    for service in project.services():
        export = service.entrypoint.partition(":")[2]
        what = service.file or service.entrypoint or "its service"
        yield Evidence(
            f"`experimentalServices.{service.name}` runs {what}{f' ({export})' if export else ''} "
            f"on {service.schedule!r}.",
            service.location,
        )


def _nitro_tasks(project: ProjectSubject) -> Iterator[Evidence]:
    tree = project.tree
    for file in sorted(tree.files):
        if file.rpartition("/")[2] not in NITRO_CONFIGS or "scheduledTasks" not in tree.read(file):
            continue
        try:
            document, locate = read_nitro(tree.read(file), file)
        except ConfigError:
            continue
        tasks = document.get("scheduledTasks")
        for schedule, names in tasks.items() if isinstance(tasks, dict) else ():
            listed = names if isinstance(names, list) else [names]
            named = (
                ", ".join(_task(tree, name) for name in listed if isinstance(name, str)) or "tasks"
            )
            place = locate("scheduledTasks", schedule)
            yield Evidence(f"{file} runs {named} on {schedule!r}.", place)
        if "scheduledTasks" in document and not isinstance(tasks, dict):
            yield Evidence(f"{file} computes its `scheduledTasks`.", locate("scheduledTasks"))


def _task(tree: SourceTree, name: str) -> str:
    """Return a task's name, with the file that it is, where that is found."""
    stem = f"tasks/{name.replace(':', '/')}"
    stems = [
        f"{folder}{stem}{index}" for folder in ("server/", "", "src/") for index in ("", "/index")
    ]
    files = [f"{path}.{suffix}" for path in stems for suffix in ("ts", "js", "mts", "mjs")]
    file = next((file for file in files if file in tree.files), None)
    return f"{name} ({tree.place_of(file, 'defineTask')})" if file else name


INVALID_SCHEDULE = Rule(
    "CS101",
    "invalid-schedule",
    Severity.ERROR,
    "The expression has no meaning, so Vercel refuses the deployment that carries it.",
    "Write five fields: minute, hour, day of month, month, day of week.",
)
SIX_FIELDS = Rule(
    "CS102",
    "six-fields",
    Severity.ERROR,
    "The expression has a field for seconds; Vercel and Inngest both know five fields only.",
    "Drop the first field (the seconds).",
)
NAMES = Rule(
    "CS103",
    "names",
    Severity.ERROR,
    "Vercel does not accept names of months and weekdays (MON, JAN), so this entry never fired.",
    "Write numbers: Sunday is 0, January is 1.",
)
BOTH_DAY_FIELDS = Rule(
    "CS104",
    "both-day-fields",
    Severity.ERROR,
    "Day of month and day of week are both set. Vercel documents that one must be `*`; what it "
    "does with both is not established, while Inngest fires when either matches.",
    "Split it into two entries, or set `schedule` for the job in cronshift.toml to what is meant.",
)
DAY_SEVEN = Rule(
    "CS105",
    "day-seven",
    Severity.NOTE,
    "Day 7 is Sunday to Vercel and an error to Inngest; the trigger is written with day 0.",
    "Nothing to do: the ticks stay the same.",
)
NEVER_FIRES = Rule(
    "CS106",
    "never-fires",
    Severity.ERROR,
    "No date matches the expression, so the job has never run and would not run on Inngest.",
    "Correct the day or the month, or remove the entry.",
)
DUPLICATE_ENTRY = Rule(
    "CS107",
    "duplicate-entry",
    Severity.WARNING,
    "The same path is listed twice with the same schedule, so every tick calls it twice.",
    "Remove one of the two entries unless the second call is wanted.",
)
SAME_PATH = Rule(
    "CS108",
    "same-path",
    Severity.NOTE,
    "Several entries call one path on different schedules; each becomes a job of its own.",
    "Nothing to do, unless these are home-made retries: Inngest retries by itself.",
)
UNKNOWN_KEY = Rule(
    "CS109",
    "unknown-key",
    Severity.ERROR,
    "There is a key that Vercel does not know; Vercel refuses the deployment of such a file.",
    "Remove the key; entries stand in `crons`, each with `path` and `schedule`.",
)
INVALID_ENTRY = Rule(
    "CS110",
    "invalid-entry",
    Severity.ERROR,
    "The entry is not what Vercel's schema asks for, so no deployment with it succeeds.",
    "Correct the entry as the message says.",
)
NOT_LITERAL = Rule(
    "CS111",
    "not-literal",
    Severity.ERROR,
    "The value is computed by code; cronshift reads configuration and never runs it.",
    "Write the entry as a literal, or name a file with the literal entries by `vercel_config`.",
)
NOT_HTTP = Rule(
    "CS112",
    "schedule-target-not-http",
    Severity.WARNING,
    "A Vercel schedule starts something other than a path; such targets are not migrated.",
    "Give the work a route and a `path`, or leave this schedule with Vercel.",
)
NOT_GET = Rule(
    "CS113",
    "not-get",
    Severity.ERROR,
    "The schedule calls its path with POST; cronshift calls handlers with GET, as Vercel cron does.",
    "Let the handler answer GET and set `requestMethod` to GET, or leave it with Vercel.",
)
JITTER_TOO_LONG = Rule(
    "CS114",
    "jitter-too-long",
    Severity.WARNING,
    "Inngest spreads a tick over five minutes at most, less than this schedule asks for.",
    "Accept five minutes, or stagger the schedules.",
)
SCHEDULES_IN_USE = Rule(
    "CS115",
    "schedules-in-use",
    Severity.NOTE,
    "The project uses Vercel Schedules, the successor of cron jobs.",
    "Nothing to do: entries with a path are read like cron entries.",
)
SERVICE_CRON = Rule(
    "CS116",
    "service-cron",
    Severity.WARNING,
    "A service of `experimentalServices` runs a file on a schedule. Vercel calls it by a path of its "
    "own, /_svc/…, which nothing else should call; such schedules are shown and not migrated.",
    "Give the work a route and an entry in `crons`, or leave this schedule with Vercel.",
    of_project=_services,
)
NITRO_TASKS = Rule(
    "CS117",
    "nitro-scheduled-tasks",
    Severity.WARNING,
    "Nitro turns `scheduledTasks` into cron entries when it builds, of one path, /_vercel/cron, that runs a "
    "task only as long as its schedule stands here: with the schedule gone no function could call it, so "
    "they are not migrated.",
    "Give the work a route and an entry in `crons`, which can move; or leave these with Vercel.",
    of_project=_nitro_tasks,
)
