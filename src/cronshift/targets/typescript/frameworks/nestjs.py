"""NestJS: an app that stands on another framework's own, which takes the endpoint in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.targets.typescript.frameworks.express import Express
from cronshift.targets.typescript.frameworks.fastify import Fastify

if TYPE_CHECKING:
    from collections.abc import Collection

    from cronshift.handlers import Resolver
    from cronshift.targets.typescript.mounting import MountSite

_ADAPTER = "FastifyAdapter"
_EXPRESS, _FASTIFY = "@nestjs/platform-express", "@nestjs/platform-fastify"
_MAKERS: dict[str, Collection[str]] = {"@nestjs/core": ("NestFactory",)}


class Nestjs(Express):
    """NestJS on Express, which it stands on by default."""

    name = "nestjs"
    title = "NestJS on Express"
    peers = {_EXPRESS: ">=10.0.0"}  # noqa: RUF012 - read only
    makers = _MAKERS
    handlers = None  # its methods stand on what is injected

    def _site(self, resolver: Resolver) -> MountSite | None:
        """Return the place where the app is made, where that is one of Express."""
        return _inner(super()._site(resolver), resolver, on_fastify=False)

    def uncertain(self, resolver: Resolver) -> str | None:
        """Return none: how such an app is reached otherwise is not known."""
        return None


class NestjsOnFastify(Fastify):
    """NestJS on Fastify, whose own ``inject`` a function asks."""

    name = "nestjs"
    title = "NestJS on Fastify"
    peers = {_FASTIFY: ">=10.0.0"}  # noqa: RUF012 - read only
    makers = _MAKERS
    handlers = None  # its methods stand on what is injected

    def _site(self, resolver: Resolver) -> MountSite | None:
        """Return the place where the app is made, where that is one of Fastify."""
        return _inner(super()._site(resolver), resolver, on_fastify=True)

    def uncertain(self, resolver: Resolver) -> str | None:
        """Return none: how such an app is reached otherwise is not known."""
        return None


def _inner(site: MountSite | None, resolver: Resolver, *, on_fastify: bool) -> MountSite | None:
    """Return a site that leads to the app below, where that is of Fastify or is not."""
    if site is None:
        return None
    packages = resolver.tree.packages(resolver.app)
    named = _ADAPTER in resolver.tree.read(site.file) or _EXPRESS not in packages
    if (named and _FASTIFY in packages) is not on_fastify:
        return None
    return replace(site, inner=".getHttpAdapter().getInstance()")


NESTJS = Nestjs()
NESTJS_ON_FASTIFY = NestjsOnFastify()
