"""Cost and load, ``CS5xx``: what the jobs add up to."""

from __future__ import annotations

from cronshift.model import Severity
from cronshift.plan.findings.rule import Rule

OVER_FREE_PLAN = Rule(
    "CS501",
    "over-free-plan",
    Severity.WARNING,
    "The jobs need more executions in 30 days than Inngest's free plan includes.",
    "Choose a plan that includes them, or run the busiest jobs less often.",
)
CONCURRENCY = Rule(
    "CS502",
    "concurrency-over-plan",
    Severity.NOTE,
    "More jobs may run at one moment than the free plan lets run at once; the others wait.",
    "Stagger the schedules, give the jobs jitter, or choose a larger plan.",
)
CROWDED_MINUTE = Rule(
    "CS503",
    "crowded-minute",
    Severity.NOTE,
    "Many jobs come due in the same minute, and meet at the database and at upstreams.",
    "Move some by a minute or two, or set `jitter` for them.",
)
OVERLAPS = Rule(
    "CS504",
    "overlapping-runs",
    Severity.WARNING,
    "The job comes due again before it must have ended: Vercel starts a second run beside the first. "
    "On Inngest a concurrency of 1 counts steps, not runs: a second run goes on between the attempts "
    "of the first.",
    'Set `overlap`: "skip" drops the second run, "queue" lets it wait where claims are on.',
)
JITTER_LOST = Rule(
    "CS505",
    "hobby-jitter-lost",
    Severity.NOTE,
    "On Vercel's Hobby plan jobs come at any time within their hour; on Inngest they come at the exact "
    "minute, all those of one minute together.",
    "Nothing to do for few jobs; set `jitter` where many share a minute.",
)
FINISH_TOO_SHORT = Rule(
    "CS507",
    "finish-too-short",
    Severity.WARNING,
    "A run whose attempts take all the time that the handler has is cancelled before the last of them: "
    "no failure handler hears of that, and the work may have been done.",
    "Leave finish_timeout out, so that it follows from retries and maxDuration, or raise it.",
)
RETRY_LADDER = Rule(
    "CS506",
    "retry-ladder",
    Severity.NOTE,
    "Several entries call one path a little later each time: retries made by hand. Inngest retries by "
    "itself, and every rung would be retried as well.",
    "Keep the first entry and remove the others.",
)
