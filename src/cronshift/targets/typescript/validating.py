"""The app's functions beside the plan: their source is read, their types are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.engine.validation import check
from cronshift.engine.validation.project import out_of_date
from cronshift.plan.findings.fronts import INTERCEPTED
from cronshift.plan.findings.inngest import OTHER_MAJOR, REFUSED_SDK, SERVE_DURATION
from cronshift.targets.scaffold.unhandled import unhandled, waiting_label
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.compiling import check_types
from cronshift.targets.typescript.reading import inspect_app

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.engine.validation import Registration
    from cronshift.model import Finding, Plan

_OF_THE_APP = {rule.code for rule in (INTERCEPTED, SERVE_DURATION, OTHER_MAJOR)}
"""The codes of what planning found in the app's source that keeps its functions from being called."""


def validate_app(
    root: Path, plan: Plan, *, compiles: bool
) -> tuple[Registration, tuple[Finding, ...]]:
    """Return the registration of the app's endpoint, and its findings.

    Raises:
        ConfigError: ``not-generated`` when nothing serves functions.
    """
    registration = inspect_app(root, plan)
    findings = [finding for finding in plan.findings if finding.code in _OF_THE_APP]
    findings += check(plan, registration)
    refused = any(finding.code == REFUSED_SDK.code for finding in (*findings, *plan.findings))
    if app_of(plan).endpoint_file is not None and not refused:
        findings += out_of_date(root, plan)
    label = waiting_label(root)
    findings += unhandled(root, label)
    if compiles:
        findings += check_types(root, plan, label=label.name if label else None)
    return registration, tuple(findings)
