"""SETUP: the steps that set an environment up, with their state and the way to the next."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.operations import Call, CallService, Edit, RemoteAction
from cronshift.operations.services.monitors import only_service
from cronshift.readiness.doctor import kinds
from cronshift.readiness.doctor.vercel_facts import names_for, variables_needed
from cronshift.readiness.doctor.vercel_sight import VercelSight
from cronshift.readiness.fact import Fact, Kind, Knowledge
from cronshift.readiness.kinds import APP_ID, GUARD, REACHED
from cronshift.readiness.setup.expecting import is_due
from cronshift.readiness.setup.monitors import heartbeat_edits, monitor_calls, watched_jobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.readiness.doctor.asking import Asking
    from cronshift.readiness.doctor.diagnosis import Diagnosis, Sights
    from cronshift.readiness.setup.setup_record import StepMark


class StepState(StrEnum):
    """The states of a step."""

    DONE = "done"
    TO_DO = "to-do"
    UNKNOWN = "not-known"


class SetupStep(Struct, frozen=True):
    """A step, with what shows its state.

    Attributes:
        how: the exact command or page, where it is not done.
        calls: what does it, where a token lets cronshift do it.
        edits: what of the project's files goes with that.
        mark: who has said or seen that it is done, and when.
    """

    name: str
    title: str
    state: StepState
    evidence: str
    how: str = ""
    calls: tuple[Call, ...] = ()
    edits: tuple[Edit, ...] = ()
    mark: StepMark | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the step's part of the document."""
        return {
            "name": self.name,
            "title": self.title,
            "state": self.state.value,
            "evidence": self.evidence,
            "how": self.how or None,
            "can_be_done": bool(self.calls),
            "by": self.mark.by if self.mark else None,
            "at": self.mark.at if self.mark else None,
        }


class _Asked(Struct, frozen=True):
    """A step that facts decide."""

    name: str
    title: str
    kinds: tuple[Kind, ...]


_ASKED = (
    _Asked("link", "The environment is written down", (kinds.LINKED,)),
    _Asked("app-id", "The Inngest app's id is pinned", (APP_ID,)),
    _Asked("vercel", "Vercel's API can be asked", (kinds.VERCEL,)),
    _Asked("account", "There is an Inngest account, and its key is here", (kinds.INNGEST, kinds.ACCESS)),
    _Asked("environment", "The Inngest environment is there", (kinds.INNGEST_ENV,)),
    _Asked("variables", "The variables are set at Vercel", (kinds.VARIABLES,)),
    _Asked("guard", "The guard stands in the app", (GUARD,)),
    _Asked("deployed", "A deployment holds the keys, in the right mode", (kinds.ANSWERS, kinds.MODE, kinds.KEYS_SET)),
    _Asked("protection", "Inngest passes the deployment protection", (kinds.UNPROTECTED,)),
    _Asked("endpoint", "The endpoint is the SDK's, and refuses strangers", (REACHED, kinds.UNREDIRECTED, kinds.UNSWALLOWED, kinds.REFUSING, kinds.BODY)),
    _Asked("keys", "Both sides hold the same keys", (kinds.SIGNING_KEY, kinds.EVENT_KEY)),
    _Asked("functions", "The endpoint serves what is planned", (kinds.SERVED, kinds.VERSIONS, kinds.ORIGIN)),
    _Asked("sync", "Inngest has every function, as planned", (kinds.SYNCED, kinds.REGISTERED, kinds.TRIGGERS)),
    _Asked("running", "No function is paused", (kinds.RUNNING,)),
    _Asked("crons", "Vercel's entries are on, and those of the file", (kinds.CRONS_ON, kinds.CRONS_EQUAL)),
    _Asked("database", "The databases can be used", (kinds.DATABASE,)),
    _Asked("cost", "The jobs fit the plan", (kinds.LIMITS,)),
)  # fmt: skip
_OPTIONAL = frozenset({kinds.INNGEST_ENV, kinds.DATABASE, kinds.KEYS_SET, REACHED, GUARD})
"""Facts that are not asked in every environment; without an answer they keep nothing open."""
_PRODUCTION_ONLY = frozenset({"crons", "guard"})

BY_HAND = {
    "dashboard": (
        "The functions were looked at in Inngest's dashboard",
        "app.inngest.com, Functions",
    ),
    "logs": (
        "The logs of a run were looked at, on both sides",
        "app.inngest.com, Runs; vercel logs",
    ),
    "alerts": (
        "Somebody is told of a failed run",
        "app.inngest.com, Settings, Integrations; or heartbeat",
    ),
    "limits": (
        "What the jobs call bears their load",
        "throttle, concurrency: cronshift explain configuration",
    ),
}
"""The steps that only a person can judge: a title and a place."""

_HEARTBEATS = "heartbeats"
STEP_NAMES = (*(step.name for step in _ASKED), _HEARTBEATS, *BY_HAND)
"""The names of the steps that can be said to be done."""


def steps_of(
    asking: Asking, sights: Sights, diagnosis: Diagnosis, marks: Mapping[str, StepMark]
) -> tuple[SetupStep, ...]:
    """Return all steps, in the order in which they are done.

    Args:
        asking: about what.
        sights: what was seen.
        diagnosis: what follows from that.
        marks: what was seen or said to be done before.
    """
    steps = [
        _step(asking, sights, diagnosis, asked, marks.get(asked.name))
        for asked in _ASKED
        if asking.environment.is_production or asked.name not in _PRODUCTION_ONLY
    ]
    steps.append(_heartbeats(asking, marks.get(_HEARTBEATS)))
    for name, (title, place) in BY_HAND.items():
        mark = marks.get(name)
        state = StepState.DONE if mark is not None else StepState.TO_DO
        evidence = f"{mark.by} said so" if mark is not None else "nobody has said so"
        how = f"{place}; then: cronshift setup{asking.option} --done {name}"
        steps.append(SetupStep(name, title, state, evidence, "" if mark else how, mark=mark))
    return tuple(steps)


def _step(
    asking: Asking, sights: Sights, diagnosis: Diagnosis, asked: _Asked, mark: StepMark | None
) -> SetupStep:
    """Return a step as its facts have it; what nobody can ask may be said to be done."""
    facts = [item.fact for item in diagnosis.facts if item.fact.kind in asked.kinds]
    answered = {fact.kind for fact in facts}
    lacking = [kind for kind in asked.kinds if kind not in answered | _OPTIONAL]
    bad = next((fact for fact in facts if fact.answer is Knowledge.BAD), None)
    unknown = next((fact for fact in facts if fact.answer is Knowledge.UNKNOWN), None)
    if bad is not None:
        calls = tuple(_calls(asking, sights, asked.name))
        return _open(asked, StepState.TO_DO, bad, calls)
    if unknown is None and not lacking:
        evidence = facts[-1].message if facts else "It is not asked for here."
        return SetupStep(asked.name, asked.title, StepState.DONE, evidence, mark=mark)
    if mark is not None and mark.by_word:
        return SetupStep(asked.name, asked.title, StepState.DONE, f"{mark.by} said so", mark=mark)
    if unknown is not None:
        return _open(asked, StepState.UNKNOWN, unknown)
    text = f"Not known: {lacking[0].summary}"
    how = f"cronshift doctor{asking.option} tells what stands before it."
    return SetupStep(asked.name, asked.title, StepState.UNKNOWN, text, how)


def _open(
    asked: _Asked, state: StepState, fact: Fact, calls: tuple[CallService, ...] = ()
) -> SetupStep:
    return SetupStep(asked.name, asked.title, state, fact.message, fact.remedy, calls)


def _heartbeats(asking: Asking, mark: StepMark | None) -> SetupStep:
    """Return the step that every job tells a monitor that it has run."""
    silent = [job.id for job in asking.jobs if not job.options.heartbeat_env]
    title = "Every job tells a monitor that it has run"
    if not silent or (mark is not None and mark.by_word):
        evidence = f"{mark.by} said so" if mark and silent else "All jobs have a heartbeat."
        return SetupStep(_HEARTBEATS, title, StepState.DONE, evidence, mark=mark)
    text = f"Without a heartbeat: {', '.join(silent)}."
    if (service := only_service(asking.environ)) is None:
        how = (
            "cronshift monitors create --service better-stack, healthchecks or sentry; or"
            ' cronshift.toml: heartbeat = "NAME" of the variable with the monitor\'s URL, under [jobs.JOB]'
        )
        return SetupStep(_HEARTBEATS, title, StepState.TO_DO, text, how)
    due = [job for job in asking.jobs if job.id in silent and is_due(job)]
    watched = watched_jobs(asking, service, due, None)
    calls, edits = monitor_calls(asking, service, watched), heartbeat_edits(asking, watched)
    how = f"cronshift monitors create{asking.option} --service {service}"
    return SetupStep(_HEARTBEATS, title, StepState.TO_DO, text, how, tuple(calls), tuple(edits))


def _may_sync(asking: Asking, sights: Sights) -> bool:
    """Return whether Inngest can be told the endpoint from here: never one that only a commit names."""
    can_ask = asking.inngest_token is not None and sights.inngest.syncs_by_api
    return can_ask and asking.is_endpoint_trusted


def _calls(asking: Asking, sights: Sights, step: str) -> Iterator[CallService]:
    """Yield the calls that do a step, as far as the tokens here let them be made."""
    environment, vercel = asking.environment, sights.vercel
    project, team = asking.vercel_project or "", asking.vercel_team or ""
    if step == "variables" and isinstance(vercel, VercelSight) and asking.is_vercel_project_trusted:
        target = environment.vercel_target
        there = names_for(vercel, target)
        for name in variables_needed(asking):
            if name not in there and asking.environ.get(name, "").strip():
                summary = f"{name} for {target} at Vercel"
                yield CallService(
                    RemoteAction.SET_VARIABLE, summary, project, team, name, target.value
                )
    elif step == "protection" and isinstance(vercel, VercelSight) and not vercel.project.has_bypass:
        summary = "a protection bypass for automation at Vercel"
        yield CallService(RemoteAction.MAKE_BYPASS, summary, project, team)
    elif step == "sync" and asking.endpoint and _may_sync(asking, sights):
        yield CallService(
            RemoteAction.SYNC,
            f"a sync of {asking.plan.app_id}",
            app=asking.plan.app_id,
            url=asking.endpoint,
            environment=environment.inngest_env or "",
        )
