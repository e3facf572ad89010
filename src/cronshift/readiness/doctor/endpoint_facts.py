"""Facts of an endpoint: reached, in its mode, with its keys, refusing, serving what is planned."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from cronshift.engine.server.keys import EVENT_KEY, SIGNING_KEY
from cronshift.engine.validation.project import has_unchecked
from cronshift.model import Severity
from cronshift.plan.findings import registration as rules
from cronshift.plan.findings.inngest import REFUSED_SDK
from cronshift.project.counting import counted
from cronshift.project.inngest_sdk import is_refused
from cronshift.readiness.doctor.asking import origin_of
from cronshift.readiness.doctor.kinds import (
    ANSWERS,
    BODY,
    KEYS_SET,
    MODE,
    ORIGIN,
    REFUSING,
    SERVED,
    UNPROTECTED,
    UNREDIRECTED,
    UNSWALLOWED,
    VERSIONS,
)
from cronshift.runtime.web import is_public
from cronshift.runtime.wire import BYPASS_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.readiness.doctor.asking import Asking
    from cronshift.readiness.doctor.endpoint_sight import GateSight, Inside
    from cronshift.readiness.doctor.inngest_sight import InngestSight
    from cronshift.readiness.fact import Fact, Kind

_SDK = re.compile(r"(?:inngest-)?(js|py):v?(\d+)\.(\d+)\.(\d+)")
_GATES: dict[str, Kind] = {
    "endpoint-unreachable": ANSWERS,
    "deployment-protected": UNPROTECTED,
    "endpoint-redirects": UNREDIRECTED,
    "no-body-parser": BODY,
    "endpoint-without-key": KEYS_SET,
}
_PASSED = {
    ANSWERS: "Something answers.",
    UNPROTECTED: "No deployment protection stands before it.",
    UNREDIRECTED: "It sends nobody elsewhere.",
    UNSWALLOWED: "The SDK answers.",
}
_ELSEWHERE = frozenset(  # findings that a fact of their own tells
    {rules.NO_SIGNING_KEY.code, rules.IN_DEV_MODE.code, REFUSED_SDK.code}
)
_DEPLOY = "and deploy: a deployment keeps the variables that it was made with"


def gate_facts(asking: Asking, gate: GateSight) -> Iterator[Fact]:
    """Yield whether the SDK is reached, and what keeps callers from it."""
    evidence = f"GET {asking.endpoint}"
    problem = gate.problem
    failed = None if problem is None else _GATES.get(problem.reason, UNSWALLOWED)
    for kind, sentence in _PASSED.items():
        if problem is not None and kind is failed:
            yield asking.bad(kind, problem.message, evidence, _remedy(asking, kind, problem.hint))
            return
        yield asking.good(kind, sentence, evidence)
    if problem is not None and failed is not None:
        yield asking.bad(failed, problem.message, evidence, _remedy(asking, failed, problem.hint))


def _remedy(asking: Asking, kind: Kind, hint: str | None) -> str:
    if kind is UNPROTECTED and BYPASS_VARIABLE in asking.environ and not asking.is_endpoint_trusted:
        return (
            f"{BYPASS_VARIABLE} was not sent: only a commit names this address. If it is yours, set"
            f" CRONSHIFT_ENDPOINT to it."
        )
    if kind is UNPROTECTED:
        return f"{hint} cronshift setup{asking.option} makes one with VERCEL_TOKEN."
    return hint or "Its log tells why."


def mode_facts(asking: Asking, gate: GateSight) -> Iterator[Fact]:
    """Yield whether mode and keys of the deployment are those that its environment needs."""
    introspection, evidence = gate.introspection, f"GET {asking.endpoint}"
    is_dev = introspection.get("mode") == "dev"
    if is_dev and (
        asking.environment.is_production or asking.is_cloud or is_public(asking.endpoint or "")
    ):
        text = "The deployment is in dev mode: it takes requests from anybody, and Inngest's cloud none of it."
        remedy = (
            f"Take INNGEST_DEV away where the functions run, set {SIGNING_KEY} there, {_DEPLOY}."
        )
        yield asking.bad(MODE, text, evidence, remedy)
    elif is_dev:
        yield asking.good(MODE, "It is in dev mode, for a dev server.", evidence)
    else:
        yield asking.good(MODE, "It is in cloud mode.", evidence)
    if is_dev:
        yield asking.good(KEYS_SET, "Dev mode needs no keys.", evidence)
        return
    lacking = [
        name
        for field, name in (("has_signing_key", SIGNING_KEY), ("has_event_key", EVENT_KEY))
        if introspection.get(field) is False
    ]
    if lacking:
        text = f"The deployment does not hold {' and '.join(lacking)}."
        yield asking.bad(
            KEYS_SET,
            text,
            evidence,
            f"Set {' and '.join(lacking)} where the functions run, {_DEPLOY}.",
        )
    elif "has_signing_key" in introspection:
        yield asking.good(KEYS_SET, "The deployment holds both keys.", evidence)


def refusing_facts(asking: Asking, gate: GateSight) -> Iterator[Fact]:
    """Yield whether calls that Inngest has not signed are refused."""
    evidence = f"POST {asking.endpoint}"
    if gate.introspection.get("mode") == "dev":
        if not is_public(asking.endpoint or ""):
            yield asking.good(
                REFUSING, "In dev mode everybody may call, on this machine.", evidence
            )
        else:
            yield asking.bad(
                REFUSING, "In dev mode everybody may call.", evidence, "Leave dev mode."
            )
        return
    taken = [
        word
        for word, is_taken in (
            ("without a signature", gate.takes_unsigned),
            ("with a forged signature", gate.takes_forged),
        )
        if is_taken
    ]
    if taken:
        text = f"A call {' and one '.join(taken)} is taken: anybody can run the jobs."
        remedy = "Let the SDK's serve() see the request as it came, and keep it up to date."
        yield asking.bad(REFUSING, text, evidence, remedy)
    elif gate.takes_unsigned is None or gate.takes_forged is None:
        text = "Whether forged calls are refused cannot be told: something else answered them."
        yield asking.unknown(REFUSING, text, evidence, "Look at what stands before the SDK.")
    else:
        yield asking.good(REFUSING, "Unsigned and forged calls are refused.", evidence)


def version_facts(asking: Asking, sdk: str | None, inngest: InngestSight) -> Iterator[Fact]:
    """Yield whether the versions on both sides are known, and work together."""
    evidence = f"GET {asking.endpoint}"
    match = _SDK.fullmatch(sdk or "")
    if match is None:
        text = "The endpoint does not tell the version of its SDK."
        yield asking.unknown(VERSIONS, text, evidence, "Look in the app's lock file.")
    elif match[1] == "js" and is_refused(tuple(map(int, match.groups()[1:]))):
        text = f"Inngest's server refuses {sdk}."
        yield asking.bad(VERSIONS, text, evidence, "Install inngest@^3.54.0, or @latest.")
    else:
        yield asking.good(VERSIONS, f"The endpoint runs {sdk}.", evidence)
    if inngest.version is not None:
        text = f"Inngest's server is {inngest.version}."
        yield asking.good(VERSIONS, text, f"GET {asking.server}/dev")
    elif not asking.is_cloud:
        text = f"Inngest at {asking.server} does not tell its version."
        yield asking.unknown(VERSIONS, text, asking.server, "inngest version, where it runs.")


def served_facts(asking: Asking, inside: Inside) -> Iterator[Fact]:
    """Yield whether the body arrives, and whether what is served is what is planned."""
    evidence, problem = f"PUT {asking.endpoint}", inside.problem
    if problem is not None:
        kind = _GATES.get(problem.reason, SERVED)
        yield asking.bad(kind, problem.message, evidence, problem.hint or "Its log tells why.")
        return
    if inside.is_late:
        text = "It had not told its functions in time."
        yield asking.unknown(SERVED, text, evidence, f"cronshift validate{asking.named}")
        return
    if inside.registration is None:
        text = "Which functions it serves, it tells only who has its signing key."
        remedy = f"Set {SIGNING_KEY} here to the deployment's key, and ask again."
        yield asking.unknown(SERVED, text, evidence, remedy)
        return
    yield asking.good(BODY, "Calls reach the SDK as they were sent.", f"POST {asking.endpoint}")
    wrong = [
        finding
        for finding in inside.findings
        if finding.severity is Severity.ERROR and finding.code not in _ELSEWHERE
    ]
    if wrong:
        first = wrong[0]
        more = f" And {len(wrong) - 1} more." if len(wrong) > 1 else ""
        jobs = tuple(dict.fromkeys(finding.job for finding in wrong if finding.job))
        remedy = f"{first.fix} (cronshift validate{asking.named})"
        yield asking.bad(SERVED, f"{first.code}: {first.message}{more}", evidence, remedy, *jobs)
    elif has_unchecked(inside.findings):
        unchecked = next(finding for finding in inside.findings if finding.code in rules.UNCHECKED)
        yield asking.unknown(SERVED, unchecked.message, evidence, unchecked.fix)
    else:
        count = counted(len(asking.jobs), "job")
        yield asking.good(SERVED, f"It serves the functions of {count} as planned.", evidence)


def address_facts(asking: Asking, inside: Inside) -> Iterator[Fact]:
    """Yield whether the deployment registers with the Inngest that is asked, at its own address."""
    introspection, evidence = inside.introspection, f"GET {asking.endpoint}, signed"
    api, serving = introspection.get("api_origin"), introspection.get("serve_origin")
    if not isinstance(api, str):
        return
    if origin_of(api) != origin_of(asking.server):
        text = f"The deployment registers with {api}, and {asking.server} is what is asked here."
        remedy = (
            "Set INNGEST_BASE_URL (or INNGEST_API_BASE_URL) to one of them, here or where it runs."
        )
        yield asking.bad(ORIGIN, text, evidence, remedy)
    elif isinstance(serving, str) and serving and origin_of(serving) != origin_of(asking.endpoint):
        text = f"The deployment tells Inngest to call it at {serving}, and it answers at {asking.endpoint}."
        remedy = f"Correct INNGEST_SERVE_ORIGIN where the functions run, {_DEPLOY}."
        yield asking.bad(ORIGIN, text, evidence, remedy)
    else:
        yield asking.good(ORIGIN, f"It registers itself with {api}.", evidence)


def is_same_key(hashed: object, keys: tuple[str, ...]) -> bool | None:
    """Return whether the hash that a deployment tells is that of one of some event keys.

    ``None`` where it tells none, or there are no keys to compare.
    """
    if not isinstance(hashed, str) or not hashed or not keys:
        return None
    return any(event_key_hash(key).startswith(hashed) for key in keys)


def event_key_hash(key: str) -> str:
    """Return the hash of an event key, as the SDKs tell it to who has the signing key."""
    return hashlib.sha256(key.strip().encode()).hexdigest()
