"""The catalogue of findings: every rule's code, name, severity, meaning and remedy.

``CS1xx`` schedule and entry, ``CS2xx`` handler behaviour, ``CS3xx`` routing and reachability,
``CS4xx`` the Inngest side, ``CS5xx`` cost and load, ``CS6xx`` leftovers (DESIGN 5.7).
"""

from cronshift.findings import behaviour, entries, inngest, leftovers, load, routing
from cronshift.findings.rule import Rule

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
    )
)
"""What ``migrate`` does not move unasked: a handler whose success on Inngest would mean nothing."""
BY_NAME: dict[str, Rule] = {rule.name: rule for rule in CATALOGUE.values()}
_SURVEYED = {"CS423", "CS430", "CS431", "CS432", "CS433"}
AUDITED = frozenset(code for code in CATALOGUE if not code.startswith("CS4") or code in _SURVEYED)
"""What ``audit`` can say; the rest is ``validate``'s."""

__all__ = ["ASKED_FIRST", "AUDITED", "BY_NAME", "CATALOGUE", "Rule"]
