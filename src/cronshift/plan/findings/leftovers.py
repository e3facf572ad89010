"""What still speaks of the old routes, ``CS6xx``."""

from __future__ import annotations

from cronshift.model import Severity
from cronshift.plan.findings.rule import Rule

STILL_CALLED = Rule(
    "CS601",
    "still-called",
    Severity.NOTE,
    "Something beside Vercel's cron calls the route: a script, a workflow, a document. It goes on doing "
    "so when the job has moved, and breaks when the route is removed.",
    "Point it at `cronshift run`, or keep the route.",
)
UNUSED_SUPPRESSION = Rule(
    "CS602",
    "unused-suppression",
    Severity.NOTE,
    "A suppression in cronshift.toml matches no finding.",
    "Remove it.",
)
GLOB_LEFT_BEHIND = Rule(
    "CS603",
    "glob-left-behind",
    Severity.NOTE,
    "A pattern in `functions` matches only the routes of jobs. Once these are removed it matches "
    "nothing, and Vercel refuses the deployment.",
    "Remove the pattern together with the routes.",
)
