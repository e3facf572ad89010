"""The ownership file for those who do not deploy it: as a variable, a flag, an Edge Config item."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cronshift.errors import CronshiftError
from cronshift.moving.epochs import EARLY, KEPT
from cronshift.operations.services.vercel import CLOUD, EdgeConfigs
from cronshift.runtime.ownership import Owner, Ownership, dump_ownership

if TYPE_CHECKING:
    from datetime import datetime

KEY = "cronshift_ownership"
_LONG_AGO = timedelta(days=1)


class Format(StrEnum):
    """The formats that the ownership file is exported in."""

    JSON = "json"
    ENV = "env"
    FLAGD = "flagd"
    EDGE_CONFIG = "edge-config"


def export(ownership: Ownership, form: Format) -> str:
    """Return the ownership as somebody else keeps it.

    All forms carry the whole file, so that the owner of a tick is worked out by the same rule
    everywhere: a flag service's own percentages would share ticks out differently.
    """
    text = dump_ownership(ownership)
    document = json.loads(text)
    if form is Format.JSON:
        return text
    if form is Format.ENV:
        inline = json.dumps(document, separators=(",", ":"))
        return f"CRONSHIFT_OWNERSHIP={shlex.quote(inline)}\n"
    if form is Format.EDGE_CONFIG:
        return _dumped({KEY: document})
    flag = {"state": "ENABLED", "variants": {"current": document}, "defaultVariant": "current"}
    return _dumped({"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": {KEY: flag}})


def late_changes(ownership: Ownership, now: datetime) -> list[str]:
    """Return the jobs and flows that change owner before both sides can hold a file pushed now.

    Those are harmless that were pushed before; whether they were is not known here. What is longer
    than a day ago is taken for pushed.
    """
    soon = now + KEPT + EARLY
    return [
        unit
        for unit, epochs in (*ownership.jobs.items(), *ownership.flows.items())
        if any(
            now - _LONG_AGO < epoch.effective_at < soon and epoch.owner is not Owner.BOTH
            for epoch in epochs
        )
    ]


async def push_to_edge_config(
    ownership: Ownership,
    config_id: str,
    token: str,
    *,
    team: str | None = None,
    api: str = CLOUD,
) -> None:
    """Put the ownership into an Edge Config, under :data:`KEY`.

    Args:
        ownership: what to publish.
        config_id: the Edge Config's id, ``ecfg_…``.
        token: of Vercel's API.
        team: the team's id, where the Edge Config is a team's.
        api: the API's origin.

    Raises:
        CronshiftError: if the API cannot be reached or refuses; the token is never told.
    """
    value = json.loads(dump_ownership(ownership))
    async with EdgeConfigs(token, team, base=api) as configs:
        await configs.put(_checked(config_id), KEY, value)


def _checked(text: str) -> str:
    if not text.replace("_", "").isalnum() or not text.isascii():
        raise CronshiftError(
            f"{text!r} is no id of an Edge Config.",
            reason="usage",
            hint="It looks like ecfg_abc123.",
        )
    return text


def _dumped(document: Any) -> str:
    return json.dumps(document, indent=2) + "\n"
