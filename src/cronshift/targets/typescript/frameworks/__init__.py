"""The frameworks whose apps functions live in, in the order in which an app is asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.typescript.frameworks.astro import ASTRO
from cronshift.targets.typescript.frameworks.express import EXPRESS
from cronshift.targets.typescript.frameworks.fastify import FASTIFY
from cronshift.targets.typescript.frameworks.functions import FUNCTIONS
from cronshift.targets.typescript.frameworks.hono import HONO
from cronshift.targets.typescript.frameworks.koa import KOA
from cronshift.targets.typescript.frameworks.nestjs import NESTJS, NESTJS_ON_FASTIFY
from cronshift.targets.typescript.frameworks.nextjs import NEXTJS
from cronshift.targets.typescript.frameworks.nitro import NITRO, NUXT
from cronshift.targets.typescript.frameworks.remix import REACT_ROUTER, REMIX
from cronshift.targets.typescript.frameworks.solidstart import SOLIDSTART
from cronshift.targets.typescript.frameworks.sveltekit import SVELTEKIT
from cronshift.targets.typescript.frameworks.tanstack import TANSTACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers import Resolver
    from cronshift.targets.typescript.framework import AppFramework

CODED = (HONO, NESTJS, NESTJS_ON_FASTIFY, EXPRESS, FASTIFY, KOA)
"""Those whose routes are declared in code."""

FRAMEWORKS: tuple[AppFramework, ...] = (
    NEXTJS,
    SVELTEKIT,
    ASTRO,
    NUXT,
    NITRO,
    REACT_ROUTER,
    REMIX,
    SOLIDSTART,
    TANSTACK,
    *CODED,
    FUNCTIONS,
)


def framework_of(resolver: Resolver) -> AppFramework | None:
    """Return the framework of a project's app; ``None`` where it is none of these."""
    return next((each for each in FRAMEWORKS if each.present(resolver)), None)


def titles() -> Iterator[str]:
    """Yield the names of all frameworks, as sentences have them."""
    return (framework.title for framework in FRAMEWORKS)
