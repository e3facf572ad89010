"""The catalogue of findings: every rule's code, name, severity, meaning and remedy.

``CS1xx`` schedule and entry, ``CS2xx`` handler behaviour, ``CS3xx`` routing and reachability,
``CS4xx`` the Inngest side, ``CS5xx`` cost and load, ``CS6xx`` leftovers (DESIGN 5.7).
"""

from difflib import get_close_matches

from cronshift.errors import CronshiftError
from cronshift.plan.findings import behaviour, entries, inngest, leftovers, load, routing
from cronshift.plan.findings.rule import Rule

CATALOGUE: dict[str, Rule] = {
    rule.code: rule
    for family in (entries, behaviour, routing, inngest, load, leftovers)
    for rule in vars(family).values()
    if isinstance(rule, Rule)
}
ASKED_FIRST = frozenset(
    rule.code
    for rule in (
        behaviour.NOT_AWAITED,
        behaviour.SWALLOWED,
        behaviour.STUB_GET,
        routing.WRONG_METHOD,
        routing.ENTRY_INTERCEPTED,
    )
)
"""What ``migrate`` does not move unasked: a handler whose success on Inngest would mean nothing."""
BY_NAME: dict[str, Rule] = {rule.name: rule for rule in CATALOGUE.values()}
_SURVEYED = {"CS423", "CS430", "CS431", "CS432", "CS433"}
AUDITED = frozenset(code for code in CATALOGUE if not code.startswith("CS4") or code in _SURVEYED)
"""What ``audit`` can say; the rest is ``validate``'s."""


def rule_of(said: str) -> Rule:
    """Return the rule that a code or a name stands for, in whatever case.

    Raises:
        CronshiftError: for a finding that there is none of, with those that are close.
    """
    rule = CATALOGUE.get(said.upper()) or BY_NAME.get(said.lower())
    if rule is not None:
        return rule
    close = get_close_matches(said.upper(), CATALOGUE, n=3, cutoff=0.6)
    close += get_close_matches(said.lower(), BY_NAME, n=3, cutoff=0.6)
    raise CronshiftError(
        f"There is no finding {said!r}.",
        reason="no-such-finding",
        hint=f"Did you mean {' or '.join(close)}?" if close else "cronshift audit shows them.",
    )


__all__ = ["ASKED_FIRST", "AUDITED", "BY_NAME", "CATALOGUE", "Rule", "rule_of"]
