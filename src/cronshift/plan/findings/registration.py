"""The rules of registrations, ``CS4xx``: values that the SDKs let pass and the engine does not.

Most are what the engine refuses when an app is registered, with the whole app (inngest/inngest
``pkg/inngest/function.go`` and ``trigger.go``); the others it accepts and then does not do. They
are checked by ``validate``, which has the registration.
"""

from __future__ import annotations

from functools import partial

from cronshift.model import Severity
from cronshift.plan.findings.rule import FindingStage, Rule

_Rule = partial(Rule, stage=FindingStage.VALIDATE)

MISSING = _Rule(
    "CS401",
    "function-missing",
    Severity.ERROR,
    "No function is registered for the job, so nothing runs it once its ticks are Inngest's.",
    "cronshift migrate",
)
LEFT_OUT = _Rule(
    "CS402",
    "function-left-out",
    Severity.ERROR,
    "The function is defined but not in the list that is served, so it is not registered.",
    "Add it to `functions`: in the package's __init__.py, or in the index beside the modules.",
)
WITHOUT_JOB = _Rule(
    "CS403",
    "function-without-job",
    Severity.NOTE,
    "The function belongs to no cron entry: your own, or one whose entry is gone.",
    "Nothing to do if it is yours; else remove its module and its line in `functions`.",
)
DRIFTED = _Rule(
    "CS404",
    "schedule-drifted",
    Severity.ERROR,
    "The function does not fire when the cron entry does.",
    "cronshift migrate, or set `schedule` for the job in cronshift.toml if the change is meant.",
)
DUPLICATE_ID = _Rule(
    "CS405",
    "duplicate-function-id",
    Severity.ERROR,
    "Two functions have one id. The Python SDK serves the last one only, and says nothing.",
    "Give each its own id.",
)
OTHER_APP = _Rule(
    "CS406",
    "other-app",
    Severity.ERROR,
    "The functions belong to another app id than the plan's; Inngest keeps apps apart by it.",
    "Set `app_id` under [project] in cronshift.toml, or in the client, so that both agree.",
)
NO_TRIGGER = _Rule(
    "CS407",
    "no-trigger",
    Severity.ERROR,
    "The function has no trigger, or an empty one, and never fires. TypeScript: the shape of "
    "createFunction that v4 takes registers an empty trigger on v3.",
    "Give it a cron trigger; on v3 of the TypeScript SDK that is the second argument.",
)
INVALID_TRIGGER = _Rule(
    "CS408",
    "invalid-trigger",
    Severity.ERROR,
    "The engine does not accept the trigger, and refuses the whole app with it.",
    "Write five fields after `TZ=UTC `, or an event name of at most 255 characters; not both.",
)
TRIGGER_NEVER_FIRES = _Rule(
    "CS409",
    "trigger-never-fires",
    Severity.ERROR,
    "No date matches the trigger: the engine accepts it and stops scheduling.",
    "Correct the day or the month.",
)
SAME_INSTANT = _Rule(
    "CS410",
    "triggers-on-one-instant",
    Severity.ERROR,
    "Two triggers of one function come due at one instant, and Inngest makes one run of them. The "
    "same trigger twice is refused.",
    "Split the function in two, or move one trigger by a minute.",
)
TOO_MANY_TRIGGERS = _Rule(
    "CS411",
    "too-many-triggers",
    Severity.ERROR,
    "A function may have ten triggers.",
    "Split the function.",
)
RETRIES = _Rule(
    "CS412",
    "retries-out-of-range",
    Severity.ERROR,
    "The engine retries 20 times at most and cuts more without a word; a negative number is none.",
    "Set retries between 0 and 20.",
)
INVALID_TIMEOUT = _Rule(
    "CS413",
    "invalid-timeout",
    Severity.ERROR,
    "The engine registers any text as a timeout and fails on it when the function runs.",
    "Write a positive time like 15m or 1h30m.",
)
INVALID_JITTER = _Rule(
    "CS414",
    "invalid-jitter",
    Severity.ERROR,
    "Jitter is refused outside one second to five minutes.",
    "Write a time from 1s to 5m.",
)
INVALID_CONCURRENCY = _Rule(
    "CS415",
    "invalid-concurrency",
    Severity.ERROR,
    "At most two limits, each of one or more; limits of an environment or account need a key.",
    "Correct the limit.",
)
INVALID_RATE = _Rule(
    "CS416",
    "invalid-rate",
    Severity.ERROR,
    "A throttle or rate limit allows one run or more in a second or more; rate limits look back "
    "24 hours at most.",
    "Correct its limit or its period.",
)
INVALID_DEBOUNCE = _Rule(
    "CS417",
    "invalid-debounce",
    Severity.ERROR,
    "A debounce waits from one second to seven days.",
    "Write a period from 1s to 7d.",
)
INVALID_BATCH = _Rule(
    "CS418",
    "invalid-batch",
    Severity.ERROR,
    "A batch holds two events or more, waits a second or more (h, m and s only), and goes together "
    "with neither singleton, debounce, cancel nor priority.",
    "Correct the batch, or remove what it excludes.",
)
INVALID_CANCEL = _Rule(
    "CS419",
    "invalid-cancel",
    Severity.ERROR,
    "A function may have five cancelling events; what their timeouts say is not looked at.",
    "Remove some, and write timeouts like 1h.",
)
INVALID_STEP = _Rule(
    "CS420",
    "invalid-step",
    Severity.ERROR,
    "A function is registered with exactly one step, named, at an http, https, ws or wss URL.",
    "Serve it with the SDK's own serve(), at its public address.",
)
NO_NAME = _Rule(
    "CS421",
    "function-without-name",
    Severity.ERROR,
    "The engine refuses functions without a name, and the SDK makes it from the id.",
    "Give it an id, and a name if it has an empty one.",
)
UNREADABLE = _Rule(
    "CS422",
    "unreadable-options",
    Severity.ERROR,
    "The SDK cannot express the function's options, so registering the app fails.",
    "Correct the option; durations are whole seconds, one or more.",
)
DROPPED_TICKS = _Rule(
    "CS424",
    "ticks-dropped",
    Severity.WARNING,
    "A rate limit, a debounce, a batch or a skipping singleton drops or merges scheduled runs.",
    "Use throttle, which lets runs wait, unless dropping is what you want.",
)
REPLACED_RATE_LIMIT = _Rule(
    "CS425",
    "rate-limit-replaced",
    Severity.WARNING,
    "The engine turns idempotency into a rate limit, and the function's own is lost.",
    "Keep one of the two.",
)
COUNT_DIFFERS = _Rule(
    "CS426",
    "function-count-differs",
    Severity.ERROR,
    "The endpoint serves fewer functions than the plan has jobs.",
    "Deploy the newest modules; cronshift validate without --endpoint checks them one by one.",
)
NOT_CHECKED = _Rule(
    "CS427",
    "not-checked",
    Severity.WARNING,
    "The endpoint does not tell which functions it serves, or not when they run: that is not checked.",
    "Run it in cloud mode with the signing key, or check the modules: cronshift validate.",
)
NO_SIGNING_KEY = _Rule(
    "CS428",
    "no-signing-key",
    Severity.ERROR,
    "The endpoint is in cloud mode without a signing key and refuses what Inngest sends.",
    "Set INNGEST_SIGNING_KEY where the endpoint runs, or INNGEST_DEV=1 for local work.",
)
OUT_OF_DATE = _Rule(
    "CS429",
    "module-out-of-date",
    Severity.WARNING,
    "The generated file is not what the plan gives today: the entry, the settings or cronshift "
    "itself has changed since.",
    "cronshift migrate",
)
COMPUTED = _Rule(
    "CS434",
    "computed-option",
    Severity.NOTE,
    "Only running the code would tell the value, and validate runs none of the app's TypeScript: it "
    "was not checked.",
    "Write it as a literal or a constant, or check the running app: cronshift validate --endpoint.",
)
DOES_NOT_COMPILE = _Rule(
    "CS435",
    "does-not-compile",
    Severity.ERROR,
    "The project's own TypeScript compiler refuses a file of the Inngest side, so the app's build "
    "would fail.",
    "Correct what it says; for a generated file: cronshift migrate, or the SDK's version.",
)
ERRORS_ELSEWHERE = _Rule(
    "CS436",
    "errors-elsewhere",
    Severity.NOTE,
    "The project's own TypeScript compiler refuses other files of the project.",
    "node_modules/.bin/tsc --noEmit lists them.",
)
NOT_COMPILED = _Rule(
    "CS437",
    "not-compiled",
    Severity.WARNING,
    "The project's own TypeScript compiler was not run, so that the types were not checked.",
    "Install the project's packages, and Node.js, and validate again.",
)
STATUS_NOT_HANDLED = _Rule(
    "CS441",
    "status-not-handled",
    Severity.ERROR,
    "Code that names every state of a session does not name the one of a session that waits: it does "
    "not compile, or a client that polls shows nothing.",
    "cronshift sessions scaffold shows the line.",
)
LABEL_DOES_NOT_COMPILE = _Rule(
    "CS442",
    "label-does-not-compile",
    Severity.ERROR,
    "The app does not compile because the status of its sessions has a label more: cronshift added it.",
    "Say there what the app does with a session that waits; cronshift sessions scaffold shows the lines.",
)
CANCELLED_TOO_SOON = _Rule(
    "CS438",
    "cancelled-too-soon",
    Severity.ERROR,
    "The attempts of a run and the waits between them may take longer than its finish timeout: "
    "Inngest cancels it then, even in the middle of a request, and its failure handler never runs.",
    "Raise finish_timeout, or lower retries or the handler's maxDuration; left out of "
    "cronshift.toml, finish_timeout follows from them.",
)
STALE_WITHIN_JITTER = _Rule(
    "CS439",
    "stale-within-jitter",
    Severity.ERROR,
    "The engine may begin a run later by its jitter than the tick is fresh by `stale_after`, so that "
    "ticks are skipped for no reason.",
    "Set stale_after above jitter, or leave one of them out.",
)
CONSTANT_IDEMPOTENCY = _Rule(
    "CS440",
    "constant-idempotency",
    Severity.ERROR,
    "The idempotency key is the same for every tick, so that the engine drops all but the first one "
    "in 24 hours.",
    "Leave it out: a tick has one run; or let it depend on event.data.scheduledAt.",
)
BUILD_FAILS = _Rule(
    "CS510",
    "build-fails",
    Severity.ERROR,
    "The app's own build ends with an error, so it cannot be deployed.",
    "Correct what it says, then: cronshift validate --build",
)
NOT_BUILT = _Rule(
    "CS511",
    "not-built",
    Severity.WARNING,
    "The app's own build was asked for and did not come to its end: whether it builds is not known.",
    "Install the app's packages, or raise build_timeout under [validate] in cronshift.toml.",
)
IN_DEV_MODE = _Rule(
    "CS512",
    "endpoint-in-dev-mode",
    Severity.WARNING,
    "An endpoint at a public address is in dev mode: it takes requests from anybody, and Inngest Cloud "
    "cannot register it.",
    "Set INNGEST_DEV=0 and INNGEST_SIGNING_KEY where it is deployed.",
)
APP_DIES = _Rule(
    "CS515",
    "app-dies",
    Severity.ERROR,
    "What a job calls in process dies when it is imported, so that every run would fail.",
    "Correct it at that line, then: cronshift validate",
)
APP_NOT_LOADED = _Rule(
    "CS516",
    "app-not-loaded",
    Severity.WARNING,
    "What a job calls in process cannot be imported here: a package or a variable that it needs may only "
    "be missing on this machine.",
    "Run cronshift where the app's packages are installed and its variables are set.",
)
UNCHECKED = frozenset(rule.code for rule in (NOT_CHECKED, NOT_COMPILED, NOT_BUILT, APP_NOT_LOADED))
"""The codes of what says that something asked for was not looked at, so that nothing is called valid."""
