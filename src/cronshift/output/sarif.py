"""Findings as a SARIF 2.1.0 log (OASIS), as code scanning reads them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cronshift import __version__
from cronshift.plan.findings import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cronshift.model import Finding, Plan
    from cronshift.plan.findings import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "PROJECTROOT"


def sarif_log(plan: Plan, reasons: Mapping[tuple[str, str | None], str]) -> dict[str, Any]:
    """Return the findings of a plan as a log with one run.

    Args:
        plan: the plan; its suppressed findings are told as suppressed.
        reasons: why, by the suppressed finding's code and its job (or none, for all jobs).
    """
    results = [(finding, False) for finding in plan.findings]
    results += [(finding, True) for finding in plan.suppressed]
    codes = sorted({finding.code for finding, _ in results})
    places = {code: number for number, code in enumerate(codes)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "cronshift",
                        "version": __version__,
                        "rules": [_rule(CATALOGUE[code]) for code in codes],
                    }
                },
                "originalUriBaseIds": {
                    _ROOT: {"description": {"text": "The folder that was audited."}}
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(finding, places[finding.code], reasons if hidden else None)
                    for finding, hidden in results
                ],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.name.replace("-", " ")},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(
    finding: Finding, rule: int, reasons: Mapping[tuple[str, str | None], str] | None
) -> dict[str, Any]:
    place = finding.location
    where: dict[str, Any] = {}
    if place is not None:
        artifact = {"uri": quote(place.file), "uriBaseId": _ROOT}
        region = {"startLine": place.line, "startColumn": place.column}
        where = {
            "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]
        }
    same = "\n".join((finding.code, finding.job or "", str(place or ""), finding.message))
    hidden: dict[str, Any] = {}
    if reasons is not None:
        why = reasons.get((finding.code, finding.job)) or reasons.get((finding.code, None), "")
        hidden = {"suppressions": [{"kind": "external", "justification": why}]}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity.value,
        "message": {"text": f"{finding.message} {finding.fix}"},
        "partialFingerprints": {"cronshift/v1": hashlib.sha256(same.encode()).hexdigest()},
        **where,
        **hidden,
    }
