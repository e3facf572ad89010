"""Where an entry's path ends, ``CS3xx``."""

from __future__ import annotations

from cronshift.model import Severity
from cronshift.plan.findings.rule import Rule

DEAD_PATH = Rule(
    "CS301",
    "dead-path",
    Severity.ERROR,
    "No route answers the path: every tick ends in 404, and Vercel goes on calling.",
    "Correct the path, or remove the entry.",
)
WRONG_METHOD = Rule(
    "CS302",
    "wrong-method",
    Severity.ERROR,
    "The route does not answer GET, which is what Vercel sends: every tick ends in 405 or 404. "
    "Moving the job would start one that has never run.",
    "Let the route answer GET if the job is meant to run; else remove the entry.",
)
REDIRECTED = Rule(
    "CS303",
    "redirected",
    Severity.ERROR,
    "A redirect answers before the route does. Vercel's cron does not follow it and shows nothing, "
    "so the job never runs.",
    "Write the path that the redirect leads to.",
)
EXTERNAL = Rule(
    "CS304",
    "external",
    Severity.NOTE,
    "A rewrite passes the call on to another host; what it does there cannot be read here.",
    "Call that host itself: set base_url for the bridge, or leave the rewrite as it is.",
)
UNKNOWN_HANDLER = Rule(
    "CS305",
    "handler-unknown",
    Severity.NOTE,
    "What answers the path cannot be told from the files here.",
    "Name it: `handler` of the job in cronshift.toml; a bridged job needs none.",
)
AMBIGUOUS_ROOT = Rule(
    "CS306",
    "root-ambiguous",
    Severity.WARNING,
    "Nothing here answers the path, but an app in a folder below does. Only Vercel's dashboard knows "
    "which folder is the project's Root Directory; the configuration of any other is not read.",
    "Choose that folder with -C, or remove the entry if it is not the root.",
)
UNSCHEDULED = Rule(
    "CS307",
    "unscheduled-route",
    Severity.NOTE,
    "The route looks like a scheduled job, and no entry calls it.",
    "Add an entry if it is meant to run; else remove the route.",
)
PAGE = Rule(
    "CS308",
    "page-answers",
    Severity.WARNING,
    "The path ends at a page or a file, not at a route: nothing but rendering happens.",
    "Correct the path, or leave the entry if keeping the page warm is its purpose.",
)
UNMATCHED_GLOB = Rule(
    "CS309",
    "functions-glob-unmatched",
    Severity.WARNING,
    "A pattern in `functions` matches no file, so its settings hold for nothing; outside of Next the "
    "deployment fails.",
    "Correct or remove the pattern.",
)
ENTRY_INTERCEPTED = Rule(
    "CS310",
    "entry-intercepted",
    Severity.ERROR,
    "The app's own code answers before the entry's route does, because Vercel's cron has no session: "
    "this job has never run, and calling its handler in process would start it.",
    "Let the path by, if the job is meant to run; else remove the entry.",
)
FRONT_UNTOLD = Rule(
    "CS311",
    "front-untold",
    Severity.WARNING,
    "Whether the code that stands before the path lets a caller without a session by cannot be told "
    "without running it.",
    "Ask it: curl the path without a cookie; 401, 403 or a redirect is a stop.",
)
