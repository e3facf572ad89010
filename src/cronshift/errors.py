"""The one error users see, and its few subclasses.

Every error carries a stable :class:`Reason`, one sentence, and where it can a hint with the next
command and the place (``file``, ``file:line``, ``crons[3].schedule``). The command line turns it
into text or JSON once, at its boundary.
"""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class ExitCode(IntEnum):
    """The exit codes of the process (DESIGN, section 4)."""

    OK = 0
    NOT_WELL = 1
    USAGE = 2
    REFUSED = 3
    INTERRUPTED = 130


class Reason(StrEnum):
    """The stable slug of an error, for programs; ``meaning`` is its sentence, for people.

    ``docs/errors.md`` is made from it.
    """

    meaning: str

    def __new__(cls, slug: str, meaning: str = "") -> Self:
        """Return the member of a slug, with its meaning."""
        member = str.__new__(cls, slug)
        member._value_, member.meaning = slug, meaning
        return member

    # What stands in for a more exact one
    ERROR = "error", "Something could not be done as asked."
    BUG = "bug", "cronshift itself is at fault."
    USAGE = "usage", "The command line asks for something that does not exist."
    INVALID_CONFIG = "invalid-config", "A file you wrote is not what it should be."
    INVALID_SCHEDULE = "invalid-schedule", "A cron expression is not one that its reader accepts."
    NOT_WELL = "not-well", "What was asked about is not well."
    REFUSED = "refused", "It was refused, to protect what is there."

    # Asking
    NEEDS_CONFIRMATION = "needs-confirmation", "There is nobody to ask; say --yes or --dry-run."
    WHICH_JOBS = "which-jobs", "Neither jobs nor --all were named, or both."
    WHICH_LETTERS = "which-letters", "Neither runs nor --all were named, or both."
    NO_SUCH_JOB = "no-such-job", "No entry becomes a job of that name."
    NO_SUCH_FACT = "no-such-fact", "There is no fact of that code or name."
    NO_SUCH_FINDING = "no-such-finding", "There is no finding of that code or name."
    NO_SUCH_ENVIRONMENT = "no-such-environment", "No environment of that name is linked."
    NO_SUCH_OPERATION = "no-such-operation", "No operation has that id, or several begin with it."
    NO_SUCH_RUN = "no-such-run", "Nobody who was asked knows a run of that id."
    NO_SUCH_TICK = "no-such-tick", "The schedule has no tick at that time."
    NO_PERCENTAGES = "no-percentages", "Without a guard a job belongs to one side as a whole."
    INVALID_TIME = "invalid-time", "That is no instant, or it has no zone."
    INVALID_NAME = "invalid-name", "That is no name of the kind that is asked for."
    UNCLEAR_MAPPING = "unclear-mapping", "The app's schema does not tell all of [sessions]."
    UNCLEAR_MIGRATIONS = "unclear-migrations", "It cannot be told which migration is the newest."
    UNSUPPORTED_DATABASE = "unsupported-database", "The flow works on no database of that kind."
    INVALID_OUT = "invalid-out", "That folder cannot be a package of the project."
    INVALID_EVENT = "invalid-event", "That is no event that Inngest takes."
    EVENT_TOO_LARGE = "event-too-large", "The event is larger than Inngest takes."

    # The project and its configuration
    NO_PROJECT = "no-project", "The project's folder is not there."
    NO_CONFIG = "no-config", "There is no configuration, or not the one that was named."
    CONFLICTING_CONFIG_FILES = "conflicting-config-files", "There are several configurations."
    DEPRECATED_CONFIG = "deprecated-config", "Vercel no longer reads a file of that name."
    UNREADABLE_CONFIG = "unreadable-config", "A configuration cannot be read from the disk."
    WRONG_ENCODING = "wrong-encoding", "A file is not UTF-8."
    BYTE_ORDER_MARK = "byte-order-mark", "A file begins with a byte order mark."
    INVALID_JSON = "invalid-json", "A file is not the strict JSON that Vercel reads."
    INVALID_TOML = "invalid-toml", "A file is not TOML."
    INVALID_SCRIPT = "invalid-script", "A configuration that is code cannot be parsed."
    NOT_LITERAL = "not-literal", "A configuration that is code makes a value that cannot be read."
    NOT_AN_OBJECT = "not-an-object", "A configuration holds something else than an object."
    TOO_LARGE = "too-large", "A file is larger than a configuration can be."
    NOT_A_FILE = "not-a-file", "A folder, a pipe or a device stands where a file belongs."
    NO_CRONS = "no-crons", "The configuration has no `crons`."
    NO_SUCH_ENTRY = "no-such-entry", "The configuration has no such entry."
    NO_MEMBER = "no-member", "A JSON file has no such member."
    OTHER_PATH = "other-path", "An entry's path does not begin as expected."
    TAKEN_ID = "taken-id", "A job has an id that the target needs itself."
    INVALID_JOB_ID = "invalid-job-id", "A job's id cannot be the name of a module."
    UNKNOWN_TARGET = "unknown-target", "cronshift generates no such target."
    TARGET_DOES_NOT_FIT = "target-does-not-fit", "The target is for another kind of app."

    # Schedules
    SIX_FIELDS = "six-fields", "A cron expression has a field for seconds, which Vercel has not."
    WRONG_FIELD_COUNT = "wrong-field-count", "A cron expression has not five fields."
    TOO_LONG = "too-long", "A cron expression is longer than any that is meant."
    UNSUPPORTED_CHARACTER = "unsupported-character", "Vercel takes no such character."
    NAMES = "names", "Vercel takes no names of months and days."
    BOTH_DAY_FIELDS = "both-day-fields", "Vercel takes one of the two day fields only."
    ZONE_PREFIX = "zone-prefix", "Vercel's schedules have no zone."
    UNKNOWN_ZONE = "unknown-zone", "There is no such time zone."
    DESCRIPTOR = "descriptor", "A word such as @daily is not accepted there."
    AMBIGUOUS_STEP = "ambiguous-step", "Vercel and Inngest read a step differently."
    OUT_OF_RANGE = "out-of-range", "A field's value is outside its range."
    INVALID_RANGE = "invalid-range", "A field's range is none."
    INVALID_STEP = "invalid-step", "A field's step is no positive number."
    INVALID_VALUE = "invalid-value", "A field's value is neither a number nor a name."

    # Handlers and generating
    NO_HANDLER = "no-handler", "No source answers the entry's path."
    NO_SUCH_HANDLER = "no-such-handler", "The handler that is named is not there."
    UNKNOWN_HANDLER_KIND = "unknown-handler-kind", "What a handler is cannot be read."
    NO_ROUTER = "no-router", "A Next.js app has neither an `app` nor a `pages` folder."
    NO_NEXT = "no-next", "Next.js is not installed."
    NO_SDK = "no-sdk", "The Inngest SDK is not installed."
    NO_NODE = "no-node", "Node.js is not installed."
    NO_PYTHON = "no-python", "There is no Python to import the modules with."
    UNKNOWN_SDK = "unknown-sdk", "The version of the Inngest SDK cannot be told."
    REFUSED_SDK = "refused-sdk", "Inngest refuses the version of the SDK that is installed."
    UNKNOWN_APP_ID = "unknown-app-id", "The app's id cannot be read from its Inngest client."
    CANNOT_EXTEND = "cannot-extend", "The app's serve route cannot be extended as text."
    SHARED_MODULE = "shared-module", "Two jobs would have one module."
    SHARED_PATH = "shared-path", "Two generated files would have one path."
    WORKFLOW_STAYS = "workflow-stays", "A workflow does more than cronshift's jobs can."
    EDITED_BY_HAND = "edited-by-hand", "A generated file was changed by hand."
    NOT_EDITABLE = "not-editable", "A file cannot be edited as text without changing its meaning."
    NOT_GENERATED = "not-generated", "The functions are not generated yet."

    # Validating, running, serving
    IMPORT_FAILED = "import-failed", "The generated package cannot be imported."
    IMPORT_TIMEOUT = "import-timeout", "Importing the generated package does not end."
    UNREADABLE_OPTIONS = "unreadable-options", "A function's options cannot be read."
    UNREADABLE_REGISTRATION = "unreadable-registration", "What an app registers cannot be read."
    NOT_RUNNABLE = "not-runnable", "The job cannot be run here."
    JOB_BLOCKED = "job-blocked", "A finding keeps the job from being run."
    FUNCTION_LEFT_OUT = "function-left-out", "The job's function is not in the package."
    NEEDS_ENDPOINT = "needs-endpoint", "Only a running app can answer; name its endpoint."
    INVALID_ENDPOINT = "invalid-endpoint", "That is no address of an Inngest endpoint."
    ENDPOINT_UNREACHABLE = "endpoint-unreachable", "Nothing answers at the endpoint."
    ENDPOINT_REDIRECTS = "endpoint-redirects", "The endpoint sends the caller elsewhere."
    SYNC_FAILED = "sync-failed", "Inngest did not take the functions of the endpoint."
    ENDPOINT_REFUSES = "endpoint-refuses", "The endpoint answers with an error."
    NOT_AN_INNGEST_ENDPOINT = "not-an-inngest-endpoint", "Something else answers there."
    UNAUTHORIZED = "unauthorized", "The endpoint does not accept the signing key."
    ENDPOINT_WITHOUT_KEY = "endpoint-without-key", "The endpoint has no signing key of its own."
    DEPLOYMENT_PROTECTED = "deployment-protected", "Vercel's protection answers in the app's stead."
    NO_BODY_PARSER = "no-body-parser", "The endpoint never gets what is sent to it."
    DEV_SERVER_FAILED = "dev-server-failed", "The app's own dev server does not start."
    STARTUP_FAILED = "startup-failed", "The app does not start."
    PORT_IN_USE = "port-in-use", "Another program listens on that port."
    CANNOT_LISTEN = "cannot-listen", "That address cannot be listened on."
    MISSING_KEYS = "missing-keys", "Inngest's keys are not set."
    INVALID_KEYS = "invalid-keys", "A key has not the form that Inngest's keys have."
    MISSING_SECRET = "missing-secret", "The variable of the cron secret is not set."
    CONNECT_FAILED = "connect-failed", "The connection to Inngest cannot be made."
    CONNECT_REFUSED = "connect-refused", "Inngest does not accept the connection."
    API_UNREACHABLE = "api-unreachable", "Vercel's or Inngest's API cannot be reached."
    API_REFUSES = "api-refuses", "Vercel's or Inngest's API answers with an error."

    # Moving
    BLOCKED_JOB = "blocked-job", "A finding keeps the job from moving."
    DOUBTFUL_HANDLER = "doubtful-handler", "A success of the job's handler would mean nothing."
    NOT_MIGRATED = "not-migrated", "The job has no function yet."
    NOT_READY = "not-ready", "A job is not wholly and visibly Inngest's yet."
    OWN_FUNCTION = "own-function", "The app's own function does not ask whose a tick is."
    NO_GUARD = "no-guard", "No guard stands before the job's route."
    GUARD_INTERCEPTED = "guard-intercepted", "Middleware answers before the guard is asked."
    ENTRY_INTERCEPTED = "entry-intercepted", "The app's code answers before the entry's route does."
    SHARED_JOB = (
        "shared-job",
        "Both sides share the job's ticks by its name, which cannot change now.",
    )
    GENERATED_IGNORED = "generated-ignored", "git ignores what was generated."
    FUNCTIONS_NOT_SERVED = "functions-not-served", "Nothing serves the functions where it should."
    ENDPOINT_METHODS = (
        "endpoint-methods",
        "The endpoint leaves out a method by which Inngest registers or calls functions.",
    )
    ENDPOINT_ELSEWHERE = (
        "endpoint-elsewhere",
        "The SDK would register an address at which the endpoint does not answer.",
    )
    ENDPOINT_INTERCEPTED = "endpoint-intercepted", "The app's code turns Inngest away."
    SDK_DOES_NOT_FIT = (
        "sdk-does-not-fit",
        "The SDK needs other versions beside it than the app has.",
    )
    APP_ID_NOT_PINNED = "app-id-not-pinned", "Two places give the Inngest app two ids."
    VARIABLES_NOT_SET = "variables-not-set", "A variable is not set where it is read."
    RUNS_IN_PREVIEWS = "runs-in-previews", "The functions never ask which environment they run in."
    TICKS_DIFFER = "ticks-differ", "Entry and function come due at different instants."
    PACKAGES_MISSING = "packages-missing", "The app's requirements lack what is generated imports."
    APP_DOES_NOT_PARSE = "app-does-not-parse", "The app's source is no Python that can be read."
    NOT_KNOWN = "not-known", "The move depends on what nobody knows; say --assume CODE."
    ENTRY_MOVED = "entry-moved", "Vercel no longer has the job's entry."
    TOO_EARLY = "too-early", "An epoch would start before both sides can hold it."
    TOO_LATE = "too-late", "An epoch was to be written before an instant that is over."
    RATE_LIMITED_SHARE = (
        "rate-limited-share",
        "Runs that skip Vercel's ticks would use up a rate limit that Inngest's own need.",
    )
    UNSAFE_WINDOW = "unsafe-window", "A tick may fall into the deploy."
    EPOCH_ORDER = "epoch-order", "An epoch would start before one that is there."
    EPOCH_PENDING = "epoch-pending", "An epoch is still to come."
    PAUSED = "paused", "The job is paused; nobody runs its ticks."
    BROKEN_ROLLOUTS = "broken-rollouts", "The file of the rollouts cannot be read."
    BROKEN_OWNERSHIP = "broken-ownership", "The ownership file cannot be read."
    ROUTE_CHANGED = "route-changed", "A module cannot go back to its route."

    # Operations
    CHANGED_FILE = "changed-file", "A file was changed since the change to it was planned."
    DIRTY_FILE = "dirty-file", "A file has uncommitted changes that cronshift did not make."
    OUTSIDE_PROJECT = "outside-project", "A path leads outside, or to git's or cronshift's own."
    SYMBOLIC_LINK = "symbolic-link", "A path is, or is behind, a symbolic link."
    NOT_WRITABLE = "not-writable", "The disk does not take what is to be written."
    DISK_ERROR = "disk-error", "A file cannot be read or written."
    LOCKED = "locked", "Another operation is running."
    INTERRUPTED = "interrupted", "An operation stopped half-way; it can be resumed."
    UNFINISHED_OPERATION = "unfinished-operation", "An operation is unfinished."
    NOT_UNFINISHED = "not-unfinished", "The operation came to its end; it cannot be given up."
    FOREIGN_OPERATION = "foreign-operation", "You did not make the operation, in this folder."
    STILL_NEEDED = "still-needed", "cronshift still has a part in jobs of the project."
    APPLIED_BEFORE = "applied-before", "The operation was carried out before."
    BROKEN_JOURNAL = "broken-journal", "A file of the journal cannot be read."
    UNREADABLE_PLAN = "unreadable-plan", "The file of a kept plan cannot be read."
    INVALID_PLAN = "invalid-plan", "The file holds no plan."

    # Databases and sessions
    NO_DATABASE = "no-database", "A variable holds no address of a database."
    NEEDS_CLAIMS = (
        "needs-claims",
        "A missed tick is run only where claims keep it from running twice.",
    )
    NO_LEDGER = "no-ledger", "There are no records of ticks, or their database did not answer."
    INNGEST_API = "inngest-api", "Inngest's API did not tell what it was asked, or took nothing."
    VERCEL_API = "vercel-api", "Vercel's API did not tell what it was asked."
    NO_CLAIMS = "no-claims", "Nothing would keep a tick from running twice."
    NO_WEBHOOK = "no-webhook", "A variable holds no address of a webhook."
    WEBHOOK_REFUSES = "webhook-refuses", "The webhook did not take an alert."
    UNKNOWN_DATABASE = "unknown-database", "That kind of database is not supported."
    DATABASE_UNREACHABLE = "database-unreachable", "The database cannot be reached."
    DATABASE_REFUSES = "database-refuses", "The database does not do what it is asked."
    NO_SESSIONS = "no-sessions", "cronshift.toml has no [sessions]."
    NO_SUCH_FLOW = "no-such-flow", "There is no flow of sessions of that name."
    NO_TABLES = "no-tables", "cronshift's own tables cannot be made in the database."
    NO_RIGHTS = "no-rights", "The database's user may not do what settling needs."
    MAPPING_MISMATCH = "mapping-mismatch", "[sessions] does not fit the database."
    NO_LEGACY_LABEL = "no-legacy-label", "[sessions] names no state of the old path."
    INVALID_COST = "invalid-cost", "A session's cost is no amount that its balance can hold."
    NOT_ENOUGH_CREDITS = "not-enough-credits", "The user's credits do not cover the session."


_CREDENTIALS = re.compile(r"""(\w://)[^\s/"'<>]*@""")
_QUERY = re.compile(r"""(\w://[^\s?"'<>]+\?)[^\s"'<>]+""")
_NAMED = (
    r"([?&](?:(?i:(?:[\w-]*[-_])?(?:secret|token|passw(?:or)?d|passphrase|pwd|auth(?:orization)?|bearer|jwt"
    r"|credentials?|sig(?:nature)?|(?:api|cron|access|auth|job|warm)?key))|\w*[a-z](?:Secret|(?<!age)Token|Password|Key))=)"
    r"""(?![$%{*])([^\s&#"'`<>\\]{6,})"""
)
"""A credential by its name in a query, in whatever text; a variable or a pattern is none. Compiled when it is used."""


def without_credentials(text: str) -> str:
    """Return a text for a person with nothing in its addresses that may be a secret.

    User and password go, what stands behind the question mark, and what :func:`path_to_show` leaves out.
    """
    return _QUERY.sub(r"\1***", _CREDENTIALS.sub(r"\1***@", path_to_show(text)))


def path_to_show(text: str, stand_in: Callable[[str], str] = lambda _: "***") -> str:
    """Return a path, or a text that names one, with a stand-in for each credential in its query."""
    return re.sub(_NAMED, lambda match: match[1] + stand_in(match[2]), text)


class CronshiftError(Exception):
    """An error that a user sees: something cronshift cannot do as asked."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE
    default_reason: ClassVar[str] = Reason.ERROR

    def __init__(
        self,
        message: str,
        *,
        reason: Reason | str | None = None,
        hint: str | None = None,
        where: str | None = None,
    ) -> None:
        self.message = without_credentials(message)
        super().__init__(self.message)
        self.reason = Reason(reason or self.default_reason)
        self.hint = without_credentials(hint) if hint else hint
        self.where = without_credentials(where) if where else where

    def to_dict(self) -> dict[str, str | None]:
        """Return the body of ``{"error": …}`` as printed under ``--json``."""
        return {
            "reason": self.reason,
            "message": self.message,
            "hint": self.hint,
            "where": self.where,
        }


class ConfigError(CronshiftError):
    """A file the user wrote cannot be read in its format."""

    default_reason = Reason.INVALID_CONFIG


class ScheduleError(CronshiftError):
    """A cron expression that its reader (Vercel or Inngest) does not accept.

    Attributes:
        field: ``minute``, ``hour``, ``day-of-month``, ``month``, ``day-of-week``, ``zone`` or
            ``expression`` when the whole is at fault.
    """

    default_reason = Reason.INVALID_SCHEDULE

    def __init__(self, message: str, *, field: str, reason: Reason | str | None = None) -> None:
        super().__init__(message, reason=reason, where=field)
        self.field = field


class NotWellError(CronshiftError):
    """A check that failed: a failed run, invalid modules, drift."""

    exit_code = ExitCode.NOT_WELL
    default_reason = Reason.NOT_WELL


class RefusedError(CronshiftError):
    """Refused, to protect state: a file changed since it was recorded, a lock is held."""

    exit_code = ExitCode.REFUSED
    default_reason = Reason.REFUSED


class TooLateError(RefusedError):
    """Refused, because a plan for the future can no longer be kept: plan it again."""

    default_reason = Reason.TOO_LATE
