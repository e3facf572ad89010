"""The app's functions beside the plan: their source is read, their types are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import SourceTree
from cronshift.plan.findings import registration as rules
from cronshift.plan.findings.fronts import INTERCEPTED
from cronshift.plan.findings.inngest import OTHER_MAJOR, REFUSED_SDK, SERVE_DURATION
from cronshift.project.settings import load_settings
from cronshift.targets.nextjs.app import app_of
from cronshift.targets.nextjs.compiling import check_types
from cronshift.targets.nextjs.reading import inspect_app
from cronshift.targets.scaffold.exhaustive import code_label, missing
from cronshift.targets.scaffold.schema import read_schema
from cronshift.validation import check
from cronshift.validation.project import out_of_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.model import Finding, Plan
    from cronshift.targets.scaffold.exhaustive import NewLabel
    from cronshift.validation import Registration

_OF_THE_APP = {rule.code for rule in (INTERCEPTED, SERVE_DURATION, OTHER_MAJOR)}
"""The codes of what planning found in the app's source that keeps its functions from being called."""


def validate_app(
    root: Path, plan: Plan, *, compiles: bool
) -> tuple[Registration, tuple[Finding, ...]]:
    """Return what the app's endpoint would register, and all that is wrong with it.

    Raises:
        ConfigError: ``not-generated`` when nothing serves functions.
    """
    registration = inspect_app(root, plan)
    findings = [finding for finding in plan.findings if finding.code in _OF_THE_APP]
    findings += check(plan, registration)
    refused = any(finding.code == REFUSED_SDK.code for finding in (*findings, *plan.findings))
    if app_of(plan).endpoint_file is not None and not refused:
        findings += out_of_date(root, plan)
    label = _label(root)
    findings += _unhandled(root, label)
    if compiles:
        findings += check_types(root, plan, label=label.name if label else None)
    return registration, tuple(findings)


def _label(root: Path) -> NewLabel | None:
    """Return the label of a session that waits, where the app has sessions."""
    settings = load_settings(root).sessions
    if settings is None:
        return None
    tree = SourceTree(root)
    return code_label(tree, read_schema(tree), settings)


def _unhandled(root: Path, label: NewLabel | None) -> Iterator[Finding]:
    """Yield the places that name every other label."""
    if label is None:
        return
    for place in missing(SourceTree(root), label):
        text = f"{place.form.value[:1].upper()}{place.form.value[1:]} lacks {label.name}."
        yield rules.STATUS_NOT_HANDLED.finding(text, location=place.location)
