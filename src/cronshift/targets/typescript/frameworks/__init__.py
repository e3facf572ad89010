"""The frameworks whose apps functions live in, in the order in which an app is asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.typescript.frameworks.astro import ASTRO
from cronshift.targets.typescript.frameworks.hono import HONO
from cronshift.targets.typescript.frameworks.nextjs import NEXTJS
from cronshift.targets.typescript.frameworks.sveltekit import SVELTEKIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers import Resolver
    from cronshift.targets.typescript.framework import AppFramework

FRAMEWORKS: tuple[AppFramework, ...] = (NEXTJS, SVELTEKIT, ASTRO, HONO)


def framework_of(resolver: Resolver) -> AppFramework | None:
    """Return the framework of a project's app; ``None`` where it is none of these."""
    return next((each for each in FRAMEWORKS if each.present(resolver)), None)


def titles() -> Iterator[str]:
    """Yield the names of all frameworks, as sentences have them."""
    return (framework.title for framework in FRAMEWORKS)
