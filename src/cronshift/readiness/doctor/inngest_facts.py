"""Facts of Inngest: it answers, holds the same keys, and has the functions as planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.engine.server.keys import EVENT_KEY as EVENT_VARIABLE
from cronshift.engine.server.keys import SIGNING_KEY as SIGNING_VARIABLE
from cronshift.engine.validation.schedules import same_ticks
from cronshift.errors import ScheduleError
from cronshift.operations.services.api import ApiError, ApiProblem
from cronshift.operations.services.inngest import API_KEY, RemoteFunction
from cronshift.project.counting import counted
from cronshift.readiness.doctor.asking import OFFLINE_REMEDY
from cronshift.readiness.doctor.endpoint_facts import is_same_key
from cronshift.readiness.doctor.kinds import (
    ACCESS,
    EVENT_KEY,
    INNGEST,
    INNGEST_ENV,
    REGISTERED,
    RUNNING,
    SIGNING_KEY,
    SYNCED,
    TRIGGERS,
)
from cronshift.runtime.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Job
    from cronshift.readiness.doctor.asking import Asking
    from cronshift.readiness.doctor.endpoint_sight import Inside
    from cronshift.readiness.doctor.inngest_sight import InngestSight
    from cronshift.readiness.fact import Fact

_SILENT = {ApiProblem.UNREACHABLE, ApiProblem.FAILED, ApiProblem.UNCLEAR}
_TURNED_AWAY = {ApiProblem.UNAUTHORIZED, ApiProblem.NO_TOKEN}
_IN_THE_CLOUD = "app.inngest.com"


def access_facts(asking: Asking, sight: InngestSight) -> Iterator[Fact]:
    """Yield whether Inngest answers, takes the key, and has the environment."""
    evidence = f"{asking.second_api}"
    errors = [answer for answer in sight.answers if isinstance(answer, ApiError)]
    silent = next((error for error in errors if error.problem in _SILENT), None)
    if silent is not None and len(errors) == len(sight.answers):
        if asking.is_cloud and silent.is_offline:
            yield asking.unknown(INNGEST, silent.message, evidence, OFFLINE_REMEDY)
            return
        yield asking.bad(INNGEST, silent.message, evidence, _way_to_ask(asking, silent))
        return
    yield asking.good(INNGEST, "Inngest answers.", evidence)
    refused = [error for error in errors if error.problem in _TURNED_AWAY]
    if asking.inngest_token is None and refused:
        text = f"Neither {API_KEY} nor {SIGNING_VARIABLE} is set here, so Inngest tells nothing."
        yield asking.unknown(ACCESS, text, evidence, f"Set {SIGNING_VARIABLE}, and ask again.")
        return
    if len(refused) == len(sight.answers):
        name = API_KEY if asking.environ.get(API_KEY) else SIGNING_VARIABLE
        text = f"Inngest does not take {name} as it is set here: {refused[0].message}"
        remedy = (
            f"Copy the key of this environment from {_IN_THE_CLOUD}, without quotes and line ends."
        )
        yield asking.bad(ACCESS, text, evidence, remedy)
        return
    yield asking.good(ACCESS, "Inngest takes the key that is set here.", evidence)
    yield from _environment(asking, sight)


def _way_to_ask(asking: Asking, error: ApiError) -> str:
    """Return the remedy of a question that got no answer."""
    if error.problem in _TURNED_AWAY:
        return f"Set {SIGNING_VARIABLE}, and ask again."
    if asking.is_cloud and error.is_offline:
        return OFFLINE_REMEDY
    return error.hint or "Try again; status.inngest.com tells of outages of the cloud."


def _environment(asking: Asking, sight: InngestSight) -> Iterator[Fact]:
    name, evidence = asking.environment.inngest_env, f"GET {asking.second_api}/envs"
    if name is None:
        return
    if isinstance(sight.environments, ApiError):
        text = f"Whether Inngest has an environment {name} it does not tell with this key."
        yield asking.unknown(INNGEST_ENV, text, evidence, f"Set {API_KEY}, and ask again.")
        return
    there = next((item for item in sight.environments if item.name == name), None)
    remedy = f"cronshift link{asking.option} --inngest-env NAME"
    if there is None:
        names = ", ".join(item.name for item in sight.environments) or "none"
        text = f"Inngest has no environment {name}; it has {names}."
        yield asking.bad(INNGEST_ENV, text, evidence, remedy)
    elif there.is_archived:
        text = f"The Inngest environment {name} is archived: nothing runs in it."
        yield asking.bad(INNGEST_ENV, text, evidence, f"Take it out of the archive, or {remedy}")
    else:
        yield asking.good(INNGEST_ENV, f"Inngest has the environment {name}.", evidence)


def key_facts(asking: Asking, sight: InngestSight, inside: Inside) -> Iterator[Fact]:
    """Yield whether the deployment's keys are those of the environment; they are compared, not shown."""
    evidence = f"GET {asking.endpoint}, signed, and {asking.second_api}/keys"
    listed = () if isinstance(sight.signing_keys, ApiError) else sight.signing_keys
    theirs = tuple(_bare(item.key) for item in listed)
    remedy = (
        f"Set {SIGNING_VARIABLE} where the functions run to the key of this Inngest environment, deploy, and"
        f" cronshift sync{asking.option}"
    )
    is_proven = asking.inngest_token == asking.signing_key and _takes(sight)
    if inside.is_late and inside.key is None:
        text = "The deployment had not answered with a key in time."
        yield asking.unknown(SIGNING_KEY, text, evidence)
    elif inside.key is None and inside.tried and (theirs or is_proven):
        text = "The deployment does not take the signing key of the Inngest environment."
        yield asking.bad(SIGNING_KEY, text, evidence, remedy)
    elif inside.key is None and inside.tried:
        text = f"The deployment does not take {SIGNING_VARIABLE} as it is set here."
        remedy = f"Set {SIGNING_VARIABLE} to the same key here and where the functions run."
        yield asking.bad(SIGNING_KEY, text, evidence, remedy)
    elif inside.key is None:
        text = f"Whether the keys are equal cannot be told: {SIGNING_VARIABLE} is not set here."
        hint = f"Set {SIGNING_VARIABLE} or {API_KEY} here, and ask again."
        yield asking.unknown(SIGNING_KEY, text, evidence, hint)
    elif theirs and _bare(inside.key) not in theirs:
        text = "The deployment's signing key is none of this Inngest environment."
        yield asking.bad(SIGNING_KEY, text, evidence, remedy)
    elif theirs or is_proven:
        yield asking.good(SIGNING_KEY, "Both sides hold the same signing key.", evidence)
    else:
        text = (
            "Whether the deployment's signing key is Inngest's cannot be told: Inngest lists none."
        )
        yield asking.unknown(SIGNING_KEY, text, evidence, f"Set {API_KEY} here, and ask again.")
    yield from _event_key(asking, sight, inside, evidence)


def _event_key(
    asking: Asking, sight: InngestSight, inside: Inside, evidence: str
) -> Iterator[Fact]:
    listed = () if isinstance(sight.event_keys, ApiError) else sight.event_keys
    hashed = inside.introspection.get("event_key_hash")
    is_same = is_same_key(hashed, tuple(item.key for item in listed if item.key))
    if is_same:
        yield asking.good(EVENT_KEY, "Both sides hold the same event key.", evidence)
    elif is_same is False:
        text = (
            "The deployment's event key is none of this Inngest environment: what it sends is lost."
        )
        remedy = f"Set {EVENT_VARIABLE} where the functions run to a key of this environment, and deploy."
        yield asking.bad(EVENT_KEY, text, evidence, remedy)
    else:
        text = "Whether the event keys are equal cannot be told."
        hint = f"Set {SIGNING_VARIABLE} and {API_KEY} here, and ask again."
        yield asking.unknown(EVENT_KEY, text, evidence, hint)


def _takes(sight: InngestSight) -> bool:
    """Return whether anything was answered that is answered to a key of the environment alone."""
    answers = (sight.signing_keys, *sight.functions.values())
    errors = [answer for answer in answers if isinstance(answer, ApiError)]
    return len(errors) < len(answers) or any(
        error.problem is ApiProblem.MISSING for error in errors
    )


def _bare(key: str) -> str:
    """Return a signing key without the prefix that names its environment."""
    return key.strip().rpartition("-")[2]


def function_facts(asking: Asking, sight: InngestSight) -> Iterator[Fact]:
    """Yield whether Inngest has every function, due as planned, and none of them paused."""
    app, evidence = asking.plan.app_id, f"{asking.second_api}/apps/{asking.plan.app_id}/functions"
    errors = [answer for answer in sight.functions.values() if isinstance(answer, ApiError)]
    unasked = next((error for error in errors if error.problem is not ApiProblem.MISSING), None)
    if unasked is not None:
        text = f"Whether Inngest has the functions of {app} is not known: {unasked.message}"
        yield asking.unknown(SYNCED, text, evidence, _way_to_ask(asking, unasked))
        return
    if not sight.functions:
        text = f"Inngest was not asked for functions of {app}: no job can move."
        yield asking.unknown(SYNCED, text, evidence, "cronshift next")
        return
    there = {
        job: function
        for job, function in sight.functions.items()
        if isinstance(function, RemoteFunction)
    }
    sync = f"cronshift sync{asking.option}"
    if not there:
        text = f"Inngest has no function of {app}: it was never synced, so nothing runs there."
        yield asking.bad(SYNCED, text, evidence, sync)
        return
    yield asking.good(SYNCED, f"Inngest has the app {app}.", evidence)
    missing = [job for job in sight.functions if job not in there or there[job].is_archived]
    if missing:
        text = f"Inngest has no function of {', '.join(missing)}: the newest deployment was not synced."
        yield asking.bad(REGISTERED, text, evidence, f"Deploy, then {sync}", *missing)
    else:
        yield asking.good(
            REGISTERED,
            f"Inngest has {counted(len(there), 'function')} of the app, and lacks none.",
            evidence,
        )
    active = {job.id: (job, there[job.id]) for job in asking.jobs if job.id not in missing}
    yield from _triggers(asking, tuple(active.values()), evidence, sync)
    paused = [name for name, (_, function) in active.items() if function.is_paused]
    if paused:
        text = f"Paused at Inngest: {', '.join(paused)}. Their ticks are lost."
        remedy = (
            f"Look why at {_IN_THE_CLOUD} (the free plan pauses a function after 20 failures in a row),"
            " and resume it there."
        )
        yield asking.bad(RUNNING, text, evidence, remedy, *paused)
    else:
        yield asking.good(RUNNING, "No function is paused.", evidence)


def _triggers(
    asking: Asking, pairs: tuple[tuple[Job, RemoteFunction], ...], evidence: str, sync: str
) -> Iterator[Fact]:
    differing = {
        job.id: schedules
        for job, function in pairs
        if (schedules := _crons(function)) is not None and not _is_due_alike(asking, job, schedules)
    }
    if differing:
        job, texts = next(iter(differing.items()))
        plan = asking.plan.job(job)
        planned = plan.schedule.trigger if plan is not None and plan.schedule else "nothing"
        text = (
            f"{job} comes due at {' and '.join(map(repr, texts)) or 'no time'} at Inngest, and the plan says"
            f" {planned!r}."
        ) + (f" {len(differing) - 1} more differ." if len(differing) > 1 else "")
        yield asking.bad(TRIGGERS, text, evidence, f"Deploy, then {sync}", *differing)
    elif pairs:
        yield asking.good(TRIGGERS, "All come due as planned.", evidence)


def _crons(function: RemoteFunction) -> tuple[str, ...] | None:
    return tuple(trigger.value for trigger in function.triggers if trigger.type == "CRON")


def _is_due_alike(asking: Asking, job: Job, texts: tuple[str, ...]) -> bool:
    if job.schedule is None or len(texts) != 1:
        return job.schedule is None and not texts
    try:
        return same_ticks(job.schedule, Schedule.parse(texts[0]), asking.now)
    except ScheduleError:
        return False
