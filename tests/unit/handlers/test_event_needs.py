"""What a handler needs of its framework, and the parameters that a path tells of a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.brackets import bracket_params
from cronshift.handlers.event_needs import needs_framework
from cronshift.handlers.tree import SourceTree
from cronshift.model import Handler, HandlerKind

if TYPE_CHECKING:
    from pathlib import Path

FILE = "src/routes/api/x/+server.ts"
SUFFICIENT = [
    "export const GET = ({ request, url }) => new Response(url.search);",
    "export const GET = async ({ request: asked, params: { id = 'x' } }) => new Response('');",
    "export async function GET(event) { const { url } = event; return new Response(event.request.url); }",
    "export const GET = (event) => Response.json(event.params);",
    "export const GET = event => Response.json(event.url);",
    "export const GET: RequestHandler = async ({ fetch }) => fetch('/x');",
    "export function GET() { return new Response(''); }",
    "const run = ({ url }) => new Response(url.search); export { run as GET };",
    "export const GET = (({ url }) => new Response(url.search)) satisfies RequestHandler;",
]
NEEDY = [
    "export const GET = ({ request, locals }) => Response.json(locals);",
    "export const GET = ({ request, ...rest }) => Response.json(rest);",
    "export const GET = (event) => work(event);",
    "export const GET = (event) => Response.json(event.locals);",
    "export const GET = (event) => { const { cookies } = event; return Response.json(cookies); };",
    "export const GET = (event) => { const same = event; return Response.json(same.url); };",
    "export const GET = (event) => Response.json(event['locals']);",
    "export const GET = (event) => Response.json({ ...event });",
    "export const GET = guarded(({ request }) => new Response(''));",
    "export const GET = handler;",
    "export const GET = (...all) => work(all);",
]


def need(root: Path, source: str, kind: HandlerKind = HandlerKind.SVELTEKIT) -> str | None:
    file = root / FILE
    file.parent.mkdir(parents=True)
    file.write_text(source)
    export = "default" if kind is HandlerKind.NODE_FUNCTION else "GET"
    return needs_framework(SourceTree(root), Handler(FILE, kind, export, "typescript"))


@pytest.mark.parametrize("source", SUFFICIENT)
def test_what_a_call_has_is_enough(tmp_path: Path, source: str) -> None:
    assert need(tmp_path, source) is None


@pytest.mark.parametrize("source", NEEDY)
def test_more_than_that_needs_the_framework(tmp_path: Path, source: str) -> None:
    assert need(tmp_path, source) == f"{FILE}:1"


def test_a_function_takes_all_that_it_is_given_and_an_object_is_none(tmp_path: Path) -> None:
    plain = "export default (request, response) => work(request, response);"
    assert need(tmp_path / "a", plain, HandlerKind.NODE_FUNCTION) is None
    shaped = "export default { fetch: (request) => new Response('') };"
    assert need(tmp_path / "b", shaped, HandlerKind.NODE_FUNCTION) == f"{FILE}:1"


PARAMS: list[tuple[str, str, dict[str, str] | None]] = [
    ("api/jobs/[job]", "/api/jobs/nightly", {"job": "nightly"}),
    ("api/(cron)/[job]", "/api/nightly", {"job": "nightly"}),
    ("api/[job=word]", "/api/nightly", {"job": "nightly"}),
    ("api/[[lang]]/x", "/api/en/x", {"lang": "en"}),
    ("api/[...rest]", "/api/a/b", {"rest": "a/b"}),
    ("api/jobs/[job]", "/api/other/nightly", None),
    ("api/jobs/[job]", "/api/jobs", None),
    ("api/jobs/[job]", "/api/jobs/a/b", None),
    ("api/jobs/[job]", "/api/jobs/a%20b", None),
    ("api/v-[job]", "/api/v-nightly", None),
]


@pytest.mark.parametrize(("route", "path", "expected"), PARAMS)
def test_a_path_tells_the_parameters_or_nobody_does(
    route: str, path: str, expected: dict[str, str] | None
) -> None:
    assert bracket_params(route.split("/"), path) == expected
