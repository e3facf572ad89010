"""Scheduled ticks run in production only: Inngest's functions are synced from every environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import Location
from cronshift.plan.placement import NEXTJS
from cronshift.readiness.fact import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

PRODUCTION = Kind(
    "R303",
    "production-only",
    "Functions skip scheduled ticks outside production, where Vercel's cron never called either.",
    "runs-in-previews",
)


def environments(subject: Subject) -> Iterator[Fact]:
    """Yield whether what is generated asks where it runs."""
    if subject.plan.target != NEXTJS:
        text = "The functions skip scheduled ticks where VERCEL_ENV says that it is not production."
        yield subject.good(PRODUCTION, text, "cronshift.runtime")
        return
    file = next(
        (
            name
            for suffix in ("ts", "js")
            if (name := f"{subject.plan.out}/cronshift.{suffix}") in subject.tree.files
        ),
        f"{subject.plan.out}/cronshift.ts",
    )
    if "VERCEL_ENV" in subject.tree.read(file):
        text = f"{file} skips scheduled ticks where VERCEL_ENV says that it is not production."
        yield subject.good(
            PRODUCTION, text, Location(file, subject.tree.line_of(file, "VERCEL_ENV"))
        )
    else:
        text = f"{file} never asks where it runs: every preview that is synced would run each tick too."
        yield subject.bad(PRODUCTION, text, Location(file, 1), "cronshift migrate")
