"""The kinds of facts that ``doctor`` asks for, in the order in which one hangs on another."""

from __future__ import annotations

from cronshift.errors import Reason
from cronshift.readiness.fact import Kind
from cronshift.readiness.kinds import APP_ID, REACHED


def _kind(code: str, name: str, summary: str) -> Kind:
    return Kind(code, name, summary, Reason.NOT_WELL, frozenset())


LINKED = _kind("R721", "linked", "It is written down where the environment is.")
CLOCK = _kind("R722", "clock", "The clocks agree: signatures are refused from five minutes on.")
VERCEL = _kind("R723", "vercel-answers", "Vercel's API answers for the project.")
VARIABLES = _kind(
    "R724", "vercel-variables", "Every variable is set in Vercel for the environment's target."
)
ANSWERS = _kind("R725", "endpoint-answers", "Something answers at the endpoint's address.")
UNPROTECTED = _kind(
    "R726", "endpoint-not-protected", "Vercel's deployment protection lets Inngest pass."
)
UNREDIRECTED = _kind("R727", "endpoint-not-redirected", "The endpoint sends nobody elsewhere.")
UNSWALLOWED = _kind(
    "R728", "endpoint-not-swallowed", "The SDK itself answers at the endpoint, nothing before it."
)
MODE = _kind("R729", "cloud-mode", "The endpoint is in the mode that its environment needs.")
KEYS_SET = _kind("R730", "keys-deployed", "The deployment holds Inngest's keys.")
INNGEST = _kind("R731", "inngest-answers", "Inngest's API answers.")
ACCESS = _kind("R732", "inngest-access", "Inngest's API takes the key that is set here.")
INNGEST_ENV = _kind("R733", "inngest-environment", "The Inngest environment is there and in use.")
SIGNING_KEY = _kind(
    "R734", "signing-key-equal", "Deployment and Inngest hold the same signing key."
)
EVENT_KEY = _kind("R735", "event-key-equal", "Deployment and Inngest hold the same event key.")
REFUSING = _kind("R736", "forged-refused", "The endpoint refuses unsigned and forged requests.")
BODY = _kind("R737", "body-arrives", "What Inngest sends reaches the SDK as it was sent.")
VERSIONS = _kind("R738", "versions", "Inngest takes the SDK's version, and the server's is told.")
ORIGIN = _kind(
    "R739",
    "addresses-agree",
    "The deployment registers itself where Inngest is asked, at its address.",
)
SERVED = _kind("R740", "functions-served", "The endpoint serves the functions that are planned.")
SYNCED = _kind("R741", "app-synced", "Inngest has the app.")
REGISTERED = _kind("R742", "functions-registered", "Inngest has a function of every job.")
TRIGGERS = _kind("R743", "triggers-as-planned", "Inngest's functions come due as planned.")
RUNNING = _kind("R744", "not-paused", "No function is paused at Inngest.")
CRONS_ON = _kind("R745", "crons-enabled", "Vercel calls the project's entries.")
CRONS_EQUAL = _kind("R746", "crons-as-in-file", "Vercel has the entries that the file has.")
DATABASE = _kind("R747", "database", "The databases can be reached, and have the tables.")
LIMITS = _kind("R748", "plan-limits", "The jobs fit the allowances of the plans.")

KINDS: tuple[Kind, ...] = (
    LINKED, CLOCK, VERCEL, VARIABLES, ANSWERS, UNPROTECTED, UNREDIRECTED, UNSWALLOWED, MODE, KEYS_SET,
    INNGEST, ACCESS, INNGEST_ENV, SIGNING_KEY, EVENT_KEY, REFUSING, BODY, VERSIONS, ORIGIN, SERVED,
    SYNCED, REGISTERED, TRIGGERS, RUNNING, CRONS_ON, CRONS_EQUAL, DATABASE, LIMITS,
)  # fmt: skip
"""Every kind, a cause before what it explains."""

_GATES = (REACHED, LINKED, ANSWERS, UNPROTECTED, UNREDIRECTED, UNSWALLOWED)
_PROVEN = (*_GATES, CLOCK, VARIABLES, MODE, KEYS_SET)
_REMOTE = (INNGEST, ACCESS, INNGEST_ENV)

UPSTREAM: dict[Kind, tuple[Kind, ...]] = {
    CLOCK: (LINKED, ANSWERS, INNGEST),
    VARIABLES: (VERCEL,),
    ANSWERS: (LINKED,),
    UNPROTECTED: (LINKED, ANSWERS),
    UNREDIRECTED: (REACHED, LINKED, ANSWERS, UNPROTECTED),
    UNSWALLOWED: (REACHED, LINKED, ANSWERS, UNPROTECTED, UNREDIRECTED),
    MODE: (*_GATES, VARIABLES),
    KEYS_SET: (*_GATES, VARIABLES, MODE),
    ACCESS: (INNGEST,),
    INNGEST_ENV: (INNGEST, ACCESS),
    SIGNING_KEY: (*_PROVEN, *_REMOTE, BODY),
    EVENT_KEY: (*_PROVEN, *_REMOTE, SIGNING_KEY, BODY),
    REFUSING: (*_PROVEN,),
    BODY: _PROVEN,
    VERSIONS: _GATES,
    ORIGIN: (*_PROVEN, SIGNING_KEY),
    SERVED: (*_PROVEN, APP_ID, SIGNING_KEY, BODY),
    SYNCED: (*_PROVEN, *_REMOTE, APP_ID, SIGNING_KEY, VERSIONS, ORIGIN, SERVED),
    REGISTERED: (*_PROVEN, *_REMOTE, APP_ID, SIGNING_KEY, VERSIONS, ORIGIN, SERVED, SYNCED),
    TRIGGERS: (*_REMOTE, APP_ID, SERVED, SYNCED, REGISTERED),
    RUNNING: (*_PROVEN, *_REMOTE, APP_ID, SIGNING_KEY, BODY, SYNCED, REGISTERED),
    CRONS_ON: (LINKED, VERCEL),
    CRONS_EQUAL: (LINKED, VERCEL),
}
"""What explains a fact that is not good, where that is not good itself."""
