"""The subject of all questions: a project in one of its environments, and with what it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from cronshift.engine.server.keys import SIGNING_KEY
from cronshift.errors import ConfigError, without_credentials
from cronshift.operations import Intent, read_journal
from cronshift.operations.services.api_address import CLOUD_API, api_server, second_api
from cronshift.operations.services.inngest import API_KEY
from cronshift.operations.services.vercel import TOKEN, vercel_server
from cronshift.project.settings import parse_settings
from cronshift.readiness.doctor.kinds import KINDS
from cronshift.readiness.fact import Fact, Kind, Knowledge
from cronshift.runtime.wire import APP_ADDRESS_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from cronshift.model import Job, Plan
    from cronshift.project import Project
    from cronshift.project.environments import Environment

PATIENCE = timedelta(seconds=4)
"""How long all of it may take together; what has not answered then did not answer."""

OFFLINE_REMEDY = "Ask again where there is a way to the internet."
_LATER = "Ask again where the answer matters."


@dataclass(frozen=True)
class Asking:
    """A project in an environment.

    Attributes:
        environ: holds tokens and keys; they are sent and compared, and never told.
        now: the present instant.
    """

    project: Project
    plan: Plan
    environment: Environment
    environ: Mapping[str, str]
    now: datetime

    @cached_property
    def endpoint(self) -> str | None:
        """The address at which the functions are served."""
        return self.environment.endpoint or self.environ.get("CRONSHIFT_ENDPOINT") or None

    @cached_property
    def app(self) -> str | None:
        """The app's address."""
        bridge = self.plan.bridge
        return self.environment.app or self.environ.get(bridge.base_url_env) or bridge.base_url

    @cached_property
    def server(self) -> str:
        """The address of Inngest's API; a variable names it, for it is sent the key."""
        return api_server(self.environ)

    @property
    def second_api(self) -> str:
        """The address of version 2 of that API."""
        return second_api(self.environ)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that have functions, or before anything is generated all that can."""
        root = self.project.root
        jobs = self.plan.runnable
        return tuple(job for job in jobs if job.module and (root / job.module).is_file()) or jobs

    @cached_property
    def is_endpoint_trusted(self) -> bool:
        """True where this user has named the endpoint: by a variable, or by a link that he made here.

        What a commit has named is asked, and is sent no secret.
        """
        return is_named_here(self.endpoint, self.project.root, self.environment, self.environ)

    @cached_property
    def is_vercel_project_trusted(self) -> bool:
        """True where this user has named the Vercel project, so that it may be given values of variables."""
        named = self.environ.get("VERCEL_PROJECT_ID", "").strip()
        return self.vercel_project == named or is_linked_here(self.project.root, self.environment)

    @property
    def is_cloud(self) -> bool:
        """True for Inngest's own."""
        return self.server == CLOUD_API

    @property
    def signing_key(self) -> str | None:
        """The signing key that is set here."""
        return self.environ.get(SIGNING_KEY, "").strip() or None

    @property
    def inngest_token(self) -> str | None:
        """The bearer for Inngest's API."""
        return self.environ.get(API_KEY, "").strip() or self.signing_key

    @property
    def vercel_token(self) -> str | None:
        """The bearer for Vercel's API."""
        return self.environ.get(TOKEN, "").strip() or None

    @property
    def vercel_project(self) -> str | None:
        """The id or name of the Vercel project."""
        return self.environment.vercel_project or self.environ.get("VERCEL_PROJECT_ID") or None

    @property
    def vercel_team(self) -> str | None:
        """The id of its team; ``None`` for a personal account."""
        return self.environment.vercel_team or self.environ.get("VERCEL_TEAM_ID") or None

    @property
    def vercel_server(self) -> str:
        """The address of Vercel's API."""
        return vercel_server(self.environ)

    @property
    def option(self) -> str:
        """The words that name the environment to a command."""
        return "" if self.environment.name == "production" else f" --env {self.environment.name}"

    @property
    def named(self) -> str:
        """The same words to a command that means something else without them."""
        return f" --env {self.environment.name}"

    @property
    def serves_itself(self) -> bool:
        """True where the functions are served by the app on Vercel, as far as the addresses tell."""
        return self.app is not None and origin_of(self.endpoint) == origin_of(self.app)

    def good(self, kind: Kind, message: str, evidence: str) -> Fact:
        """Return a fact that is known good."""
        return _safe(Fact(kind, Knowledge.GOOD, message, evidence, self.now))

    def bad(self, kind: Kind, message: str, evidence: str, remedy: str, *jobs: str) -> Fact:
        """Return a fact that is known bad."""
        return _safe(Fact(kind, Knowledge.BAD, message, evidence, self.now, remedy, jobs))

    def unknown(self, kind: Kind, message: str, evidence: str, remedy: str = _LATER) -> Fact:
        """Return a fact that nobody knows."""
        return _safe(Fact(kind, Knowledge.UNKNOWN, message, evidence, self.now, remedy))


def _safe(fact: Fact) -> Fact:
    """Return a fact whose addresses hold nothing that may be a secret."""
    return replace(
        fact,
        message=without_credentials(fact.message),
        evidence=without_credentials(fact.evidence),
        remedy=without_credentials(fact.remedy),
    )


def address_of(text: str) -> str:
    """Return the origin of an address; Vercel's variables hold it without the scheme."""
    return origin_of(text if "://" in text or not text else f"https://{text}")


def is_named_here(
    address: str | None,
    root: Path,
    environment: Environment,
    environ: Mapping[str, str],
    typed: Iterable[str | None] = (),
) -> bool:
    """Return whether this user has named an address: typed it, set a variable to it, or linked it here.

    What only a commit has named is asked, and is sent no secret.
    """
    variables = (environ.get(name) for name in ("CRONSHIFT_ENDPOINT", *APP_ADDRESS_VARIABLES))
    named = {address_of(text or "") for text in (*typed, *variables)} - {""}
    is_linked = address in {environment.app, environment.endpoint} - {None}
    return origin_of(address) in named or (is_linked and is_linked_here(root, environment))


def is_linked_here(root: Path, environment: Environment) -> bool:
    """Return whether the environment is what this user, in this folder, has linked."""
    for record in read_journal(root).records:
        if record.operation.intent is Intent.LINK and record.is_own:
            for image in record.operation.images:
                if _links(image.after, environment):
                    return True
    return False


def _links(data: bytes | None, environment: Environment) -> bool:
    try:
        settings = parse_settings((data or b"").decode())
    except (ConfigError, UnicodeDecodeError):
        return False
    return settings.environments.get(environment.name) == environment


def origin_of(address: str | None) -> str:
    """Return the scheme, host and port of an address; nothing of what is none."""
    try:
        parts = urlsplit(address or "")
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}".lower() if parts.hostname else ""
    except ValueError:
        return ""


ORDER = {kind.code: place for place, kind in enumerate(KINDS)}
"""The place of each kind of fact, by its code."""
