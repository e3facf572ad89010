"""The catalogue of findings: every rule that stands in a module of this package.

``CS1xx`` schedule and entry, ``CS2xx`` handler behaviour, ``CS3xx`` routing and reachability,
``CS4xx`` the Inngest side, ``CS5xx`` cost and load, ``CS6xx`` leftovers (DESIGN 5.7).
"""

from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules

from cronshift.errors import CronshiftError
from cronshift.plan.findings.rule import FindingStage, Rule

CATALOGUE: dict[str, Rule] = {
    rule.code: rule
    for rule in sorted(
        (
            rule
            for module in iter_modules(__path__)
            for rule in vars(import_module(f"{__name__}.{module.name}")).values()
            if isinstance(rule, Rule)
        ),
        key=lambda rule: rule.code,
    )
}
ASKED_FIRST = frozenset(code for code, rule in CATALOGUE.items() if rule.asked_first)
"""What ``migrate`` does not move unasked: a handler whose success on Inngest would mean nothing."""
AUDITED = frozenset(code for code, rule in CATALOGUE.items() if rule.stage is FindingStage.AUDIT)
"""What ``audit`` can say; the rest is ``validate``'s."""
BY_NAME: dict[str, Rule] = {rule.name: rule for rule in CATALOGUE.values()}


def is_finding(name: str) -> bool:
    """Return whether a code or a name stands for a rule."""
    return name.upper() in CATALOGUE or name.lower() in BY_NAME


def rule_of(name: str) -> Rule:
    """Return the rule that a code or a name stands for, in whatever case.

    Raises:
        CronshiftError: for a finding that there is none of, with those that are close.
    """
    if is_finding(name):
        return CATALOGUE.get(name.upper()) or BY_NAME[name.lower()]
    close = get_close_matches(name.upper(), CATALOGUE, n=3, cutoff=0.6)
    close += get_close_matches(name.lower(), BY_NAME, n=3, cutoff=0.6)
    raise CronshiftError(
        f"There is no finding {name!r}.",
        reason="no-such-finding",
        hint=f"Did you mean {' or '.join(close)}?" if close else "cronshift audit shows them.",
    )


__all__ = [
    "ASKED_FIRST",
    "AUDITED",
    "BY_NAME",
    "CATALOGUE",
    "FindingStage",
    "Rule",
    "is_finding",
    "rule_of",
]
