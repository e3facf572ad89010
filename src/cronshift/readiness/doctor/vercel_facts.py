"""Facts of Vercel: the variables are set, and the entries are those of the file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cronshift.engine.server.keys import EVENT_KEY, SIGNING_KEY
from cronshift.model import Mode, Origin
from cronshift.operations.services.api import ApiError, ApiProblem
from cronshift.operations.services.vercel import CLOUD, TOKEN
from cronshift.project.counting import counted
from cronshift.project.environments import VercelTarget
from cronshift.project.ownership_file import percent_now, read_ownership
from cronshift.readiness.doctor.asking import OFFLINE_REMEDY
from cronshift.readiness.doctor.kinds import CRONS_EQUAL, CRONS_ON, VARIABLES, VERCEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.operations.services.vercel import DeployedCrons
    from cronshift.readiness.doctor.asking import Asking
    from cronshift.readiness.doctor.endpoint_sight import GateSight
    from cronshift.readiness.doctor.vercel_sight import VercelSight
    from cronshift.readiness.fact import Fact

_DEV = "INNGEST_DEV"
_WHOLE = 100


def vercel_facts(
    asking: Asking, sight: VercelSight | ApiError | None, gate: GateSight | None
) -> Iterator[Fact]:
    """Yield the facts of the environment's project."""
    project, evidence = asking.vercel_project, f"{asking.vercel_server}/v9/projects"
    if sight is None:
        lacking = TOKEN if project else "The project's id"
        text = f"{lacking} is not {'set' if project else 'written down'} here, so Vercel was not asked."
        remedy = f"Set {TOKEN}" if project else f"cronshift link{asking.option} --vercel-project ID"
        yield asking.unknown(VERCEL, text, evidence, remedy)
        return
    if isinstance(sight, ApiError):
        yield _no_answer(asking, sight, evidence)
        return
    yield asking.good(VERCEL, f"Vercel has the project {sight.project.name or project}.", evidence)
    yield from _variables(asking, sight, gate)
    if asking.environment.is_production:
        yield from _crons(asking, sight.project.crons)


def _no_answer(asking: Asking, error: ApiError, evidence: str) -> Fact:
    link = f"cronshift link{asking.option} --vercel-project ID --vercel-team ID"
    remedies = {
        ApiProblem.UNAUTHORIZED: f"Make a new {TOKEN} at vercel.com/account/tokens.",
        ApiProblem.FORBIDDEN: f"Give {TOKEN} the right to the project's team, or: {link}",
        ApiProblem.MISSING: link,
    }
    if asking.vercel_server == CLOUD and error.is_offline:
        return asking.unknown(VERCEL, error.message, evidence, OFFLINE_REMEDY)
    if error.problem is ApiProblem.BUSY:
        return asking.unknown(VERCEL, error.message, evidence, "Ask again in a minute.")
    remedy = (
        remedies.get(error.problem)
        or error.hint
        or "Try again; vercel-status.com tells of outages."
    )
    return asking.bad(VERCEL, error.message, evidence, remedy)


def variables_needed(asking: Asking) -> tuple[str, ...]:
    """Return the variables that the environment's deployment on Vercel reads."""
    bridge = asking.plan.bridge
    needed = [bridge.secret_env]
    if asking.serves_itself:
        needed += [SIGNING_KEY, EVENT_KEY]
        bridged = any(job.mode is Mode.BRIDGE for job in asking.jobs)
        if bridged and bridge.base_url is None:
            needed.append(bridge.base_url_env)
    return tuple(needed)


def names_for(sight: VercelSight, target: VercelTarget) -> frozenset[str]:
    """Return the names of the variables that are set for a target.

    One that is set for an environment of the project's own (staging) is told by no target.
    """
    listed = () if isinstance(sight.variables, ApiError) else sight.variables
    is_preview = target is VercelTarget.PREVIEW
    return frozenset(
        variable.key
        for variable in listed
        if target.value in variable.targets or (is_preview and variable.custom_environment_ids)
    )


def _variables(asking: Asking, sight: VercelSight, gate: GateSight | None) -> Iterator[Fact]:
    target = asking.environment.vercel_target
    evidence = f"{asking.vercel_server}/v10/projects/{asking.vercel_project}/env"
    if isinstance(sight.variables, ApiError):
        remedy = f"Give {TOKEN} the right to read the project's variables."
        yield asking.unknown(VARIABLES, sight.variables.message, evidence, remedy)
        return
    there = names_for(sight, target)
    introspection = gate.introspection if gate is not None else {}
    shown = {
        name
        for field, name in (("has_signing_key", SIGNING_KEY), ("has_event_key", EVENT_KEY))
        if introspection.get(field) is True
    }  # a variable of the team is set too, and not listed here
    missing = [name for name in variables_needed(asking) if name not in there | shown]
    if target is not VercelTarget.DEVELOPMENT and _DEV in there:
        text = f"{_DEV} is set in Vercel for {target}: the deployment leaves cloud mode."
        remedy = f"Remove it (vercel env rm {_DEV} {target}), and deploy."
        yield asking.bad(VARIABLES, text, evidence, remedy)
    elif missing:
        text = f"Not set in Vercel for {target}: {', '.join(missing)}."
        commands = "; ".join(f"vercel env add {name} {target}" for name in missing)
        remedy = f"cronshift setup{asking.option}, or {commands}; then deploy."
        yield asking.bad(VARIABLES, text, evidence, remedy)
    else:
        text = f"Set in Vercel for {target}: {', '.join(variables_needed(asking))}."
        yield asking.good(VARIABLES, text, evidence)


def _crons(asking: Asking, crons: DeployedCrons | None) -> Iterator[Fact]:
    evidence = f"{asking.vercel_server}/v9/projects/{asking.vercel_project}"
    deployed = crons.definitions if crons is not None else ()
    entries = [entry for source in asking.project.sources for entry in source.entries]
    waiting = sorted(_vercels(asking))
    if crons is not None and not crons.are_on and waiting:
        text = f"Crons are switched off for the project, and Vercel owns ticks of {', '.join(waiting)}."
        remedy = "Enable them: the project's Settings, Cron Jobs."
        yield asking.bad(CRONS_ON, text, evidence, remedy, *waiting)
    else:
        yield asking.good(CRONS_ON, "Nothing that Vercel owns is switched off.", evidence)
    here, built = (
        Counter(
            _spelt(entry.called or entry.path, entry.schedule)
            for entry in entries
            if entry.origin is origin
        )
        for origin in (Origin.CRONS, Origin.BUILD_OUTPUT)
    )
    there = Counter(_spelt(cron.path, cron.schedule) for cron in deployed) - built
    by_hand = [cron.path for cron in deployed if cron.source == "api"]
    if here == there:
        yield asking.good(
            CRONS_EQUAL, f"Vercel has the {counted(here.total(), 'entry')} of the file.", evidence
        )
        return
    lacking, more = here - there, there - here
    parts = [f"not deployed: {_list(lacking)}"] if lacking else []
    parts += [f"deployed, and not in the file: {_list(more)}"] if more else []
    remedy = "vercel deploy --prod" + (
        f"; {', '.join(by_hand)} was made by hand: vercel crons ls" if by_hand else ""
    )
    text = (
        f"The entries of {asking.project.config_file} are not what is deployed: {'; '.join(parts)}."
    )
    yield asking.bad(CRONS_EQUAL, text, evidence, remedy)


def _spelt(path: str, schedule: str) -> tuple[str, str]:
    return path, " ".join(schedule.split())


def _list(entries: Counter[tuple[str, str]]) -> str:
    return ", ".join(f"{path} ({schedule})" for path, schedule in entries)


def _vercels(asking: Asking) -> set[str]:
    """Return the jobs of which Vercel owns ticks at present, as far as the file here says."""
    ownership = read_ownership(asking.project.root)
    entries = (entry for source in asking.project.sources for entry in source.entries)
    paths = {entry.path for entry in entries if entry.workflow is None}
    return {
        job.id
        for job in asking.plan.jobs
        if job.entry.path in paths and percent_now(ownership, job.id, asking.now) < _WHOLE
    }
