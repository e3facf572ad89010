"""The places in an app's own code that do not know the status of a session that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import SourceTree
from cronshift.plan.findings import registration as rules
from cronshift.project.settings import load_settings
from cronshift.targets.scaffold.exhaustive import code_label, missing
from cronshift.targets.scaffold.schema import read_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cronshift.model import Finding
    from cronshift.targets.scaffold.exhaustive import NewLabel


def waiting_label(root: Path) -> NewLabel | None:
    """Return the label of a session that waits, where the app has sessions."""
    settings = load_settings(root).sessions
    if settings is None:
        return None
    tree = SourceTree(root)
    return code_label(tree, read_schema(tree), settings)


def unhandled(root: Path, label: NewLabel | None) -> Iterator[Finding]:
    """Yield the places that name every other label."""
    if label is None:
        return
    for place in missing(SourceTree(root), label):
        text = f"{place.form.value[:1].upper()}{place.form.value[1:]} lacks {label.name}."
        yield rules.STATUS_NOT_HANDLED.finding(text, location=place.location)
