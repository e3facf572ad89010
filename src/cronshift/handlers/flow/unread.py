"""Results that nobody looks at, of calls that tell of a failure in them and throw nothing."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cronshift.handlers.behaviour import SourceSpot, UnreadResult
from cronshift.handlers.flow.asides import is_minor
from cronshift.handlers.flow.endings import body_of, succeeds
from cronshift.handlers.flow.failures import leaves_work
from cronshift.handlers.flow.hearing import hangs_on_it, names_it
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.python_refusals import asks, is_program, request_of
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.following import Trace
    from cronshift.handlers.flow.ledger import Site
    from cronshift.handlers.flow.reader import HandlerReader
    from cronshift.handlers.tree import SourceTree

_MOST = 60  # calls that are tried out
_MOST_LOOKS = 20  # and of those that only look
_SUPABASE_WRITES = lazy_pattern(r"\.(?:insert|update|upsert|delete)(?:\.|$)|\.storage\.from\.(?:upload|remove|move|copy)$|\.auth\.admin\.(?:deleteUser|createUser|updateUserById)$")  # fmt: skip
_SUPABASE_READS = lazy_pattern(r"\.from\.select(?:\.|$)")
_EMPTIED = lazy_pattern(r"\.(?:from|insert|update|upsert|delete)\.(?:[\w.]*\.)?select(?:\.|$)")
"""What gives rows, read or written: an error leaves none."""
_RESEND_WRITES = lazy_pattern(r"\.(?:emails|batch)\.(?:send|create)$")


def unread_results(reader: HandlerReader, run: Trace) -> Iterator[tuple[UnreadResult, SourceSpot]]:
    """Yield the calls that may fail with no exception, and of whose results nothing is read."""
    left = {promise.place for promise in run.ledger.left()}
    sites = [
        (kind, site)
        for site in run.ledger.sites.values()
        if not (site.followed or site.beside or site.rescuing or site.place in left)
        and (kind := _kind(site, reader.program.tree)) is not None
    ]
    writing = [pair for pair in sites if not _only_looks(pair[1])]
    looking = [pair for pair in sites if _only_looks(pair[1])]
    for kind, site in (*writing[:_MOST], *looking[:_MOST_LOOKS]):
        empties = _EMPTIED.search(site.name) is not None
        failed = reader.run(
            replace(reader.world, fail_at=site.place, refused=True, emptied=empties)
        )
        endings = [ending for ending in failed.endings if ending.path.failed and succeeds(ending)]
        tells = names_it if empties else hangs_on_it
        if failed.ledger.heard or not endings or any(tells(body_of(e)) for e in endings):
            continue
        if _only_looks(site) and not leaves_work(run, failed):
            continue
        place = site.place
        calls = (place, *site.calls)
        if any(
            is_minor(reader.program.tree, at, calls) for at in filter(None, (place, site.guard))
        ):
            continue
        name = request_of(site.name) if is_python(place.file) else site.name
        yield kind, SourceSpot(place.file, place.line, name, place.column)


def _only_looks(site: Site) -> bool:
    """Return whether a request asks for something: who does without it is told by what is left undone."""
    if not is_python(site.place.file):
        return _SUPABASE_READS.search(site.name) is not None
    return asks(site) and request_of(site.name).endswith((".get", ".request"))


def _kind(site: Site, tree: SourceTree) -> UnreadResult | None:
    """Return the way in which a call tells of a failure in its result; ``None`` where it throws, or only looks."""
    if is_python(site.place.file):
        if is_program(site):
            return None if _checks(tree, site) else UnreadResult.EXIT
        return UnreadResult.STATUS if asks(site) else None
    if site.name == "fetch":
        return UnreadResult.STATUS if site.written else None
    client = f"{site.package} {site.name}".lower()
    if "supabase" in client and (_SUPABASE_WRITES.search(site.name) or _only_looks(site)):
        return None if "throwOnError" in site.name else UnreadResult.ERROR
    if "resend" in client and _RESEND_WRITES.search(site.name):
        return UnreadResult.ERROR
    return None


def _checks(tree: SourceTree, site: Site) -> bool:
    """Return whether a program that fails throws: ``subprocess.run(…, check=True)``."""
    return any(
        keyword.arg in {"check", None}
        for node in ast.walk(tree.python(site.place.file))
        if isinstance(node, ast.Call) and node.lineno == site.place.line
        for keyword in node.keywords
    )
