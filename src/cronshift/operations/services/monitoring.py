"""The monitors of jobs, as all services that watch jobs have them; plain data."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

_LONGEST_SLUG = 50


class MonitorService(StrEnum):
    """The services that monitors can be made at."""

    BETTER_STACK = "better-stack"
    HEALTHCHECKS = "healthchecks"
    SENTRY = "sentry"


class DueByCron(Struct, frozen=True, tag="cron", forbid_unknown_fields=True):
    """Pings come due by a schedule of five fields, on the clock of a zone."""

    expression: str
    zone: str


class DueByInterval(Struct, frozen=True, tag="interval", forbid_unknown_fields=True):
    """Pings come due so many seconds after the one before, at the latest."""

    seconds: int


class Monitor(Struct, frozen=True, forbid_unknown_fields=True):
    """A monitor of a job.

    Attributes:
        slug: its name at the service.
        due: when a ping is due.
        grace: for so many seconds behind that no alarm is raised.
    """

    slug: str
    due: DueByCron | DueByInterval
    grace: int


class RemoteMonitor(Struct, frozen=True):
    """A monitor as a service has it.

    Attributes:
        address: where it is pinged, which is a secret: sent on to where it is kept, and never shown.
    """

    id: str
    monitor: Monitor
    address: str


def slug_of(app_id: str, job: str) -> str:
    """Return the name of a job's monitor, which every service takes."""
    import hashlib
    import re

    whole = f"{app_id}-{job}".lower()
    slug = re.sub(r"[^a-z0-9_-]+", "-", whole).strip("-")
    if slug == whole and len(slug) <= _LONGEST_SLUG:
        return slug
    digest = hashlib.sha256(whole.encode()).hexdigest()[:6]
    return f"{slug[: _LONGEST_SLUG - len(digest) - 1].rstrip('-')}-{digest}"
