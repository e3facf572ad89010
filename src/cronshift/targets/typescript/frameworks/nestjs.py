"""NestJS: an app that stands on Express' own, which takes the endpoint in; its routes are called over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.targets.typescript.frameworks.express import Express

if TYPE_CHECKING:
    from cronshift.handlers import Resolver
    from cronshift.targets.typescript.mounting import MountSite

_OTHER = "FastifyAdapter"


class Nestjs(Express):
    """NestJS on Express, which it stands on by default."""

    name = "nestjs"
    title = "NestJS"
    peers = {"@nestjs/platform-express": ">=10.0.0"}  # noqa: RUF012 - read only
    makers = {"@nestjs/core": ("NestFactory",)}  # noqa: RUF012 - read only

    def _site(self, resolver: Resolver) -> MountSite | None:
        """Return the place where the app is made, where that is one of Express."""
        site = super()._site(resolver)
        if site is None or _OTHER in resolver.tree.read(site.file):
            return None
        return replace(site, inner=".getHttpAdapter().getInstance()")

    def uncertain(self, resolver: Resolver) -> str | None:
        """Return none: how such an app is reached otherwise is not known."""
        return None


NESTJS = Nestjs()
