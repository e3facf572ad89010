"""The words and limits that both languages share: the templates of TypeScript are filled from here."""

from __future__ import annotations

# Headers

CRON_AGENT = "vercel-cron/"
USER_AGENT = f"{CRON_AGENT}1.0"
SCHEDULE_HEADER = "x-vercel-cron-schedule"

TICK_HEADER = "x-cronshift-tick"
RUN_HEADER = "x-cronshift-run"

SKIPPED_HEADER = "x-cronshift-skipped"
"""Stands in the answer of a guard that did not let a call through."""

TELL_HEADER = "x-cronshift-tell"
TELL_OWNERSHIP = "ownership"
TELL_TICKS = "ticks"
"""Stands in a request that brings records of ticks."""

BYPASS_HEADER = "x-vercel-protection-bypass"
BYPASS_VARIABLE = "VERCEL_AUTOMATION_BYPASS_SECRET"

APP_ADDRESS_VARIABLES = (
    "CRONSHIFT_BASE_URL",
    "VERCEL_URL",
    "VERCEL_BRANCH_URL",
    "VERCEL_PROJECT_PRODUCTION_URL",
)
"""What names an address of the app; Vercel sets the last three, without a scheme."""

# Why a tick is not run

OWNER_PREFIX = "owner "
"""Before the name of who acts, where a tick is skipped."""
CLAIMED = "claimed by another run"
STALE = "stale: due"
"""Followed by the tick."""
MISSED = "missed: due"
"""Followed by the tick, which a later one or its lateness makes one that is not made up for."""
MISSED_AFTER_SECONDS = 900

NO_CRON = "not a call by Vercel cron"
NO_BEARER = "no bearer"

# Where the ownership comes from

OWNERSHIP_VARIABLE = "CRONSHIFT_OWNERSHIP"
OWNERSHIP_URL_VARIABLE = "CRONSHIFT_OWNERSHIP_URL"
OWNERSHIP_FILE_VARIABLE = "CRONSHIFT_OWNERSHIP_FILE"
OWNERSHIP_MAX_AGE_VARIABLE = "CRONSHIFT_OWNERSHIP_MAX_AGE"

OWNERSHIP_LIFE_SECONDS = 10
"""For so long what was read is used without another look."""

OWNERSHIP_PATIENCE_SECONDS = 2
"""An address has so long for its whole answer."""

OWNERSHIP_MAX_AGE_SECONDS = 86_400
"""For so long what was read last goes on while the address cannot be read."""

OWNERSHIP_MAX_BYTES = 5_000_000

# Where records of ticks go

LEDGER_VARIABLE = "CRONSHIFT_LEDGER_URL"
LEDGER_EVENTS = "inngest"
"""In place of an address: they are sent to Inngest, as events."""
DEPLOYMENT_VARIABLE = "CRONSHIFT_DEPLOYMENT"
VERCEL_DEPLOYMENT_VARIABLE = "VERCEL_DEPLOYMENT_ID"
"""Name what is deployed, in a record."""
TICK_SEEN_EVENT = "cronshift/tick.seen"

UNCLAIMED = "a replay needs claims"
"""Of a replay where nothing keeps a second run of its tick from doing the work again."""

TELL_CLAIM = "claim"
"""Stands in a request that takes, ends or looks up the claim of a tick."""
CLAIMS_VARIABLE = "CRONSHIFT_CLAIMS_URL"
CLAIMS_AWAY_VARIABLE = "CRONSHIFT_CLAIMS_AWAY"
"""Says what becomes of a tick whose claim cannot be asked for: ``run`` (as without it), or ``wait``."""
UNASKED = "the claims cannot be asked"
"""Of a tick that waits for its claim: nobody runs it meanwhile."""

TELL_DEAD_LETTER = "dead-letter"
"""Stands in a request that brings the record of a run that failed for good or was cancelled."""
RUN_DEAD_EVENT = "cronshift/run.dead"
DEAD_LETTER_DAYS_VARIABLE = "CRONSHIFT_DEAD_LETTER_DAYS"
"""For so many days those records are kept."""

BY_HAND = "run"
"""Stands as ``cronshift`` in the data of a run that a person began."""
REPLAY = "replay"
"""Stands as ``cronshift`` in the data of a run that makes up for a tick which nobody ran."""

# Answers

KEPT_BYTES = 65_536
"""Of an answer's body: a step's output may have 4 MiB, a run's state 32."""

QUOTED_CHARACTERS = 500
"""Of an answer that an error quotes."""

RETRIED_STATUSES = (408, 425, 429)
"""Those below 500 that are worth another try."""

LONGEST_WAIT_SECONDS = 86_400
"""The engine waits no longer, whatever ``Retry-After`` says; and no less than a second."""

HTTP_DATE = (
    "[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] GMT"
)
"""What ``Retry-After`` may hold beside seconds: the one form that senders may use (RFC 9110, 5.6.7)."""

PING_SECONDS = 10
"""A monitor has so long to take how a run ended, tries included."""

PING_START_SECONDS = 2
"""And so long to take that it begins."""

FREEZING_VARIABLES = ("VERCEL", "AWS_LAMBDA_FUNCTION_NAME")
"""Are set where a process may stand still between two requests."""
