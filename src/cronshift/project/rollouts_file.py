"""The project's rollouts: by which stages jobs and flows go, and how far by themselves, as it lies on disk."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from cronshift.errors import ConfigError
from cronshift.operations import Edit, Seen
from cronshift.operations.files import content, inside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

ROLLOUTS_NAME = "cronshift.rollouts.json"
VERSION = 1

_Stage = Annotated[int, Meta(ge=1, le=100)]
_Percent = Annotated[int, Meta(ge=0, le=100)]


class Rollout(Struct, frozen=True, forbid_unknown_fields=True):
    """The way of one job, or one flow's users, to Inngest.

    Attributes:
        stages: the percentages of its way, growing.
        begun: when it was planned.
        operation: the id of the operation that planned it.
        auto: up to which percentage it goes on without being asked, and may go back so; ``None``
            where every step is asked about.
        assume: codes of facts that are not known and taken for good on the way.
        despite: codes of facts that are known bad and stop nothing on the way.
        because: why, in the user's words.
    """

    stages: Annotated[tuple[_Stage, ...], Meta(min_length=1)]
    begun: datetime
    operation: str
    auto: _Percent | None = None
    assume: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()
    because: str = ""


class Rollouts(Struct, frozen=True, forbid_unknown_fields=True):
    """The rollouts' file, by job and by flow."""

    version: Annotated[int, Meta(ge=VERSION, le=VERSION)] = VERSION
    jobs: dict[str, Rollout] = msgspec.field(default_factory=dict)
    flows: dict[str, Rollout] = msgspec.field(default_factory=dict)

    def with_flow(self, flow: str, plan: Rollout) -> Rollouts:
        """Return the rollouts with a flow's, too, or in place of the one before."""
        return replace(self, flows={**self.flows, flow: plan})

    def without_flow(self, flow: str) -> Rollouts:
        """Return the rollouts of all but a flow."""
        flows = {name: plan for name, plan in self.flows.items() if name != flow}
        return replace(self, flows=flows)

    def with_jobs(self, jobs: Mapping[str, Rollout]) -> Rollouts:
        """Return the rollouts with these, too, or in place of those before."""
        return replace(self, jobs={**self.jobs, **jobs})

    def without(self, jobs: Iterable[str]) -> Rollouts:
        """Return the rollouts of the other jobs."""
        ended = set(jobs)
        return replace(
            self, jobs={job: plan for job, plan in self.jobs.items() if job not in ended}
        )


def read_rollouts(root: Path) -> Rollouts:
    """Return the project's rollouts; empty where there is no file.

    Raises:
        ConfigError: if the file is broken.
    """
    return rollouts_of(content(inside(root, ROLLOUTS_NAME)))


def rollouts_of(data: bytes | None) -> Rollouts:
    """Return the rollouts that a file's bytes hold; empty for no file.

    Raises:
        ConfigError: if they are broken.
    """
    if data is None:
        return Rollouts()
    try:
        rollouts = msgspec.json.decode(data, type=Rollouts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(str(error)) from error
    for job, plan in (*rollouts.jobs.items(), *rollouts.flows.items()):
        if any(later <= earlier for earlier, later in pairwise(plan.stages)):
            raise _broken(f"the stages of {job!r} do not grow")
        if plan.begun.tzinfo is None:
            raise _broken(f"the begin of {job!r} has no zone")
    return rollouts


def dump_rollouts(rollouts: Rollouts) -> bytes | None:
    """Return the file's bytes; ``None`` where no rollout is left, and the file is to go."""
    if not rollouts.jobs and not rollouts.flows:
        return None
    document = msgspec.to_builtins(rollouts, builtin_types=(datetime,))
    if not rollouts.flows:
        del document["flows"]  # earlier versions read no other key
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def ended_rollouts(root: Path, jobs: Collection[str]) -> list[Edit]:
    """Return the edit that ends the rollouts of these jobs; none where they have none."""
    on_disk = content(inside(root, ROLLOUTS_NAME))
    before = rollouts_of(on_disk)
    ended = [job for job in jobs if job in before.jobs]
    if not ended:
        return []
    after = dump_rollouts(before.without(ended))
    words = f"{', '.join(ended)}: no rollout any more"
    return [Edit(ROLLOUTS_NAME, after, summary=words, based_on=Seen(on_disk))]


def ended_flow(root: Path, flow: str) -> list[Edit]:
    """Return the edit that ends a flow's rollout; none where it has none."""
    on_disk = content(inside(root, ROLLOUTS_NAME))
    before = rollouts_of(on_disk)
    if flow not in before.flows:
        return []
    after = dump_rollouts(before.without_flow(flow))
    return [
        Edit(ROLLOUTS_NAME, after, summary=f"{flow}: no rollout any more", based_on=Seen(on_disk))
    ]


def _broken(cause: str) -> ConfigError:
    return ConfigError(
        f"{ROLLOUTS_NAME} cannot be read: {cause}.",
        reason="broken-rollouts",
        hint=f"Restore it from version control: git checkout {ROLLOUTS_NAME}",
        where=ROLLOUTS_NAME,
    )
