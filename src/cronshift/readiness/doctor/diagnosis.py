"""DIAGNOSE: ask everything at once, and put the true cause before what it explains."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.readiness.checking import facts_of
from cronshift.readiness.doctor import (
    endpoint_facts,
    inngest_facts,
    other_facts,
    vercel_facts,
)
from cronshift.readiness.doctor.asking import ORDER, PATIENCE, Asking
from cronshift.readiness.doctor.database_sight import load_drivers, look_at_databases
from cronshift.readiness.doctor.endpoint_sight import (
    EndpointQuestion,
    Inside,
    look_at_gate,
    look_inside,
)
from cronshift.readiness.doctor.inngest_sight import look_at_inngest
from cronshift.readiness.doctor.kinds import LINKED, UPSTREAM, VARIABLES
from cronshift.readiness.doctor.vercel_sight import look_at_vercel
from cronshift.readiness.fact import Fact, Knowledge
from cronshift.readiness.kinds import VARIABLES as LISTED_HERE
from cronshift.readiness.setup.linking import own_endpoint
from cronshift.runtime.protection import bypass_headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.operations.services.api import ApiError
    from cronshift.readiness.doctor.endpoint_sight import GateSight
    from cronshift.readiness.doctor.inngest_sight import InngestSight
    from cronshift.readiness.doctor.vercel_sight import VercelSight
    from cronshift.readiness.fact import Kind

_FOR_KEYS = PATIENCE.total_seconds() / 2


def _closure(kind: Kind) -> frozenset[str]:
    """Return the codes of all kinds upstream of a kind, however far."""
    above = UPSTREAM.get(kind, ())
    return frozenset(code for cause in above for code in (cause.code, *_closure(cause)))


_UPSTREAM = {kind.code: _closure(kind) for kind in UPSTREAM}


class Explained(Struct, frozen=True):
    """A fact, and the code of the fact that explains it, where one does."""

    fact: Fact
    cause: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fact's part of the document."""
        return self.fact.to_json() | {"explained_by": self.cause}


class Diagnosis(Struct, frozen=True):
    """Everything that is known of an environment.

    Attributes:
        environment: its name.
        facts: causes first, then what they explain, then what is not known, then what is good.
        seconds: how long asking took.
    """

    environment: str
    facts: tuple[Explained, ...]
    seconds: float = 0.0

    @property
    def causes(self) -> tuple[Fact, ...]:
        """The facts that are known bad, and not explained by anything else; the first is what to mend first."""
        return tuple(
            item.fact
            for item in self.facts
            if item.fact.answer is Knowledge.BAD and item.cause is None
        )

    @property
    def is_well(self) -> bool:
        """True where nothing is known bad."""
        return all(item.fact.answer is not Knowledge.BAD for item in self.facts)

    def to_json(self) -> dict[str, Any]:
        """Return the document of ``doctor --json``."""
        return {
            "environment": self.environment,
            "well": self.is_well,
            "cause": self.causes[0].kind.code if self.causes else None,
            "facts": [item.to_json() for item in self.facts],
            "seconds": round(self.seconds, 3),
        }

    def fact(self, code: str) -> Fact | None:
        """Return the worst fact of a kind."""
        return next((item.fact for item in self.facts if item.fact.kind.code == code), None)


class _Unwaited(ThreadPoolExecutor):
    """Threads that nobody waits for: a name that is not resolved in time holds no answer up."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - as it is inherited
        """Let go of the threads as they are."""
        super().shutdown(wait=False, cancel_futures=True)


class Sights(Struct, frozen=True):
    """All that was seen."""

    gate: GateSight | None
    inside: Inside | None
    inngest: InngestSight
    vercel: VercelSight | ApiError | None
    databases: tuple[Any, ...]


async def diagnose(asking: Asking) -> Diagnosis:
    """Ask about an environment, and explain what is not well."""
    begun = time.monotonic()
    diagnosis = judge(asking, await look(asking))
    return replace(diagnosis, seconds=time.monotonic() - begun)


def judge(asking: Asking, sights: Sights) -> Diagnosis:
    """Return the diagnosis that follows from all that was seen, and from the project's own files."""
    here = facts_of(asking.project, asking.plan, asking.now)
    return Diagnosis(asking.environment.name, explained([*facts(asking, sights), *here]))


async def look(asking: Asking) -> Sights:
    """Look at all sides at once; each has the same time."""
    load_drivers(asking)
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_Unwaited())
    deadline = loop.time() + PATIENCE.total_seconds()
    keys: asyncio.Future[tuple[str, ...]] = loop.create_future()
    (gate, inside), inngest, vercel, databases = await asyncio.gather(
        _look_at_endpoint(asking, deadline, keys),
        look_at_inngest(asking, deadline, keys),
        look_at_vercel(asking, deadline),
        look_at_databases(asking, deadline),
    )
    return Sights(gate, inside, inngest, vercel, databases)


async def _look_at_endpoint(
    asking: Asking, deadline: float, keys: asyncio.Future[tuple[str, ...]]
) -> tuple[GateSight | None, Inside | None]:
    """Look at the gate, and inside with the key that is set here, or those that Inngest lists."""
    if asking.endpoint is None:
        return None, None

    async def listed() -> tuple[str, ...]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FOR_KEYS):
                return await asyncio.shield(keys)
        return ()

    bypass = bypass_headers(asking.environ) if asking.is_endpoint_trusted else {}
    question = EndpointQuestion(asking.plan, asking.endpoint, bypass)
    inngests = asyncio.ensure_future(listed())
    return await asyncio.gather(
        look_at_gate(question.url, deadline, bypass),
        look_inside(question, deadline, asking.signing_key, inngests),
    )


def facts(asking: Asking, sights: Sights) -> Iterator[Fact]:
    """Yield the facts of all sights."""
    gate, inside = sights.gate, sights.inside
    if gate is None:
        text = f"Where the functions of {asking.environment.name} are served is not written down."
        path = own_endpoint(asking.project, asking.plan)
        option = "--endpoint URL" if path is None else "--app https://ADDRESS"
        yield asking.unknown(
            LINKED, text, "cronshift.toml", f"cronshift link{asking.option} {option}"
        )
    else:
        text = f"The functions are served at {asking.endpoint}."
        yield asking.good(LINKED, text, asking.project.settings.file or "CRONSHIFT_ENDPOINT")
        yield from endpoint_facts.gate_facts(asking, gate)
    if gate is not None and inside is not None and gate.problem is None:
        yield from endpoint_facts.mode_facts(asking, gate)
        yield from endpoint_facts.refusing_facts(asking, gate)
        registered = inside.registration.sdk if inside.registration else None
        yield from endpoint_facts.version_facts(asking, gate.sdk or registered, sights.inngest)
        yield from endpoint_facts.served_facts(asking, inside)
        yield from endpoint_facts.address_facts(asking, inside)
        if gate.introspection.get("mode") != "dev":
            yield from inngest_facts.key_facts(asking, sights.inngest, inside)
    yield from inngest_facts.access_facts(asking, sights.inngest)
    yield from inngest_facts.function_facts(asking, sights.inngest)
    yield from vercel_facts.vercel_facts(asking, sights.vercel, gate)
    yield from other_facts.clock_facts(asking, gate, sights.inngest, sights.vercel)
    yield from other_facts.database_facts(asking, sights.databases)
    yield from other_facts.limit_facts(asking)


def explained(facts: Iterable[Fact]) -> tuple[Explained, ...]:
    """Return the facts with their causes, the true cause first."""
    listed = list(facts)
    if any(fact.kind is VARIABLES and fact.answer is not Knowledge.UNKNOWN for fact in listed):
        listed = [fact for fact in listed if fact.kind is not LISTED_HERE]  # Vercel knows better
    listed.sort(key=_place)
    bad = [fact.kind.code for fact in listed if fact.answer is Knowledge.BAD]
    unknown = [fact.kind.code for fact in listed if fact.answer is Knowledge.UNKNOWN]
    items = [Explained(fact, _cause(fact, bad, unknown)) for fact in listed]
    explaining = {item.cause for item in items}
    return tuple(sorted(items, key=lambda item: _rank(item, explaining)))


def _cause(fact: Fact, bad: list[str], unknown: list[str]) -> str | None:
    """Return the first cause upstream of a fact: known bad, or for one that is not known, not known too."""
    if fact.answer is Knowledge.GOOD:
        return None
    upstream = _UPSTREAM.get(fact.kind.code, frozenset())
    causes = bad if fact.answer is Knowledge.BAD else [*bad, *unknown]
    return next((code for code in causes if code in upstream), None)


def _rank(item: Explained, explaining: set[str | None]) -> tuple[int, bool, bool, int, str]:
    answers = (Knowledge.BAD, Knowledge.UNKNOWN, Knowledge.GOOD)
    explains = item.fact.kind.code in explaining
    return answers.index(item.fact.answer), item.cause is not None, not explains, *_place(item.fact)


def _place(fact: Fact) -> tuple[int, str]:
    """Return the place of a fact: those of the files before what runs, causes before effects."""
    return ORDER.get(fact.kind.code, -1), fact.kind.code
