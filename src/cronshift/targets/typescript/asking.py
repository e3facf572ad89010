"""Requests without a cookie to a running app: entries, dispatcher and endpoint, each asked once.

OPTIONS runs no job: Next.js answers it for a route that does not itself, and the dispatcher tells of its
file. Where a handler would see the request, it is not asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import httpx

from cronshift.handlers.javascript import exports
from cronshift.model import Origin
from cronshift.readiness.kinds import ASKED, ENTRY, REACHED
from cronshift.runtime import web
from cronshift.runtime.jobs import request_target
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.dispatching import dispatcher_file
from cronshift.vercel.dispatcher import dispatched_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Job
    from cronshift.readiness.fact import Fact, Kind
    from cronshift.readiness.subject import Subject

_STOPPED = {401, 403, 407, 451}
_REMEDY = "cronshift audit names what stands before it; let the path by without a session"


async def ask_running(subject: Subject, endpoint: str) -> list[Fact]:
    """Ask a running app whether it lets Vercel's and Inngest's calls by.

    Args:
        subject: the jobs whose entries are asked for.
        endpoint: the address of its endpoint, which has answered already.
    """
    path = urlsplit(endpoint).path
    seen = [subject.good(REACHED, f"{path} answered without a cookie.", _by(subject))]
    origin = urlunsplit((*urlsplit(endpoint)[:2], "", "", ""))
    async with web.client(origin, timeout=web.CONNECT_TIMEOUT) as http:
        for kind, path, job in _paths(subject):
            seen.append(await _asked(subject, http, kind, path, job))
    return seen


def _paths(subject: Subject) -> Iterator[tuple[Kind, str, Job]]:
    base, root = app_of(subject.plan).routers.base_path, subject.project.root
    for job in subject.jobs:
        if job.entry.origin is Origin.MOVED:
            continue
        yield ENTRY, job.entry.path, job
        file, there = dispatcher_file(subject.plan, job), dispatched_path(job.entry.path, base)
        if file is not None and there is not None and (root / file).is_file():
            yield ASKED, there, job


async def _asked(
    subject: Subject, http: httpx.AsyncClient, kind: Kind, path: str, job: Job
) -> Fact:
    bare, by = path.partition("?")[0], _by(subject)
    if kind is ENTRY and not _is_quiet(subject, job):
        text = f"{bare} was not asked: its handler would see the request, and might do its work."
        return subject.unknown(
            kind, text, job.entry.source, f"curl {bare} without a cookie", job.id
        )
    try:
        response = await http.options(request_target(path))
    except httpx.HTTPError as error:
        text = f"{bare} gave no answer: {web.unreachable(error)}."
        return subject.unknown(kind, text, by, "Ask it again", job.id)
    answer = f"{bare} answered {response.status_code} to who has no cookie"
    if response.is_redirect:
        text = f"{answer}: a redirect to {response.headers['location']!r:.120}."
        return subject.bad(kind, text, by, _REMEDY, job.id)
    if response.status_code in _STOPPED:
        return subject.bad(kind, f"{answer}.", by, _REMEDY, job.id)
    if response.is_success and "GET" in response.headers.get("allow", ""):
        return subject.good(kind, f"{bare} is reached without a cookie.", by, job.id)
    return subject.unknown(kind, f"{answer}, which tells nothing.", by, _REMEDY, job.id)


def _by(subject: Subject) -> str:
    """Return the server that is asked."""
    server = app_of(subject.plan).framework.dev_server
    return server.program if server is not None else "the app"


def _is_quiet(subject: Subject, job: Job) -> bool:
    """Return whether the framework answers OPTIONS for a job's route, so that none of its code runs."""
    handler, framework = job.handler, app_of(subject.plan).framework
    if handler is None or not framework.is_quiet(handler.kind):
        return False
    root = subject.tree.parsed(handler.file)
    return root is not None and "OPTIONS" not in exports(root)
