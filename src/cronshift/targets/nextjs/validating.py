"""The app's functions beside the plan: their source is read, their types are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.nextjs.app import app_of
from cronshift.targets.nextjs.compiling import check_types
from cronshift.targets.nextjs.reading import inspect_app
from cronshift.validation import check
from cronshift.validation.project import out_of_date

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.model import Finding, Plan
    from cronshift.validation import Registration

_OF_THE_APP = {"CS430", "CS431", "CS432"}
"""What planning found in the app's source that keeps its functions from being called."""


def validate_app(
    root: Path, plan: Plan, *, compiles: bool
) -> tuple[Registration, tuple[Finding, ...]]:
    """Return what the app's endpoint would register, and all that is wrong with it.

    Raises:
        ConfigError: ``not-generated`` when nothing serves functions.
    """
    registration = inspect_app(root, plan)
    found = [finding for finding in plan.findings if finding.code in _OF_THE_APP]
    found += check(plan, registration)
    refused = any(finding.code == "CS423" for finding in (*found, *plan.findings))
    if app_of(plan).endpoint_file is not None and not refused:
        found += out_of_date(root, plan)
    if compiles:
        found += check_types(root, plan)
    return registration, tuple(found)
