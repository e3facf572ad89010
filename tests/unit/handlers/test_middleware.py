"""Leaving paths out of a middleware's matcher: what is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.handlers.middleware import NotExactError, leave_out, let_in, matcher_of, runs_before
from cronshift.handlers.tree import parse

HEAD = "import { NextResponse } from 'next/server';\nexport function middleware(request) {}\n"
INNGEST, BOTH = ["/api/inngest"], ["/api/inngest", "/api/cronshift"]
CLERK = r"/((?!_next|[^?]*\\.(?:html?|css|js(?!on)|jpe?g|webp|png|gif|svg|ttf|ico|csv)).*)"
NARROWED = {
    "/((?!_next|favicon.ico).*)": (
        "/((?!api/inngest(?:/|$)|_next|favicon.ico).*)",
        "/((?!api/inngest(?:/|$)|api/cronshift(?:/|$)|_next|favicon.ico).*)",
    ),
    "/:path*": ("/((?!api/inngest(?:/|$)).*)", "/((?!api/inngest(?:/|$)|api/cronshift(?:/|$)).*)"),
    "/(.*)": ("/((?!api/inngest(?:/|$)).*)", "/((?!api/inngest(?:/|$)|api/cronshift(?:/|$)).*)"),
    # `?` since `/api/:path*` takes in `/api` too
    "/api/:path*": (
        "/api/((?!inngest(?:/|$)).*)?",
        "/api/((?!inngest(?:/|$)|cronshift(?:/|$)).*)?",
    ),
    "/api/:path+": ("/api/((?!inngest(?:/|$)).+)", "/api/((?!inngest(?:/|$)|cronshift(?:/|$)).+)"),
    "/api/(.*)": ("/api/((?!inngest(?:/|$)).*)", "/api/((?!inngest(?:/|$)|cronshift(?:/|$)).*)"),
    "/api/:name": (
        "/api/:name((?!inngest(?:/|$))[^/]+)",
        "/api/:name((?!inngest(?:/|$)|cronshift(?:/|$))[^/]+)",
    ),
    "/:a/:b": (
        "/:a((?!api/inngest(?:/|$))[^/]+)/:b",
        "/:a((?!api/inngest(?:/|$)|api/cronshift(?:/|$))[^/]+)/:b",
    ),
    "/(api|trpc)(.*)": (
        "/((?!api/inngest(?:/|$))api|trpc)(.*)",
        "/((?!api/inngest(?:/|$)|api/cronshift(?:/|$))api|trpc)(.*)",
    ),
    CLERK: (
        CLERK.replace("(?!_next", "(?!api/inngest(?:/|$)|_next"),
        CLERK.replace("(?!_next", "(?!api/inngest(?:/|$)|api/cronshift(?:/|$)|_next"),
    ),
}


def config(matcher: str) -> str:
    return f"{HEAD}export const config = {{ matcher: {matcher} }};\n"


@pytest.mark.parametrize("source", NARROWED)
def test_a_pattern_is_narrowed_where_it_stands(source: str) -> None:
    one, two = NARROWED[source]
    for form in ("'{}'", '["/login", "{}"]', "[{{ source: '{}', missing: [] }}] as const", "`{}`"):
        text = config(form.format(source))
        assert leave_out(text, "middleware.ts", INNGEST).text == config(form.format(one))
        assert leave_out(text, "middleware.ts", BOTH).text == config(form.format(two))


@pytest.mark.parametrize("source", NARROWED)
def test_what_is_left_out_already_is_left_alone(source: str) -> None:
    text = leave_out(config(f"'{source}'"), "middleware.ts", BOTH).text
    again = leave_out(text, "middleware.ts", BOTH)
    assert (again.text, again.summary) == (text, "")
    later = leave_out(leave_out(config(f"'{source}'"), "m.ts", INNGEST).text, "m.ts", BOTH).text
    assert leave_out(later, "m.ts", BOTH).text == later


def test_every_pattern_that_takes_the_endpoint_in_is_narrowed_and_no_other() -> None:
    edit = leave_out(config("['/a', '/((?!_next).*)', '/(api|trpc)(.*)']"), "m.ts", INNGEST)
    assert edit.text == config(
        "['/a', '/((?!api/inngest(?:/|$)|_next).*)', '/((?!api/inngest(?:/|$))api|trpc)(.*)']"
    )
    assert edit.summary == (
        "write `/((?!api/inngest(?:/|$)|_next).*)` for `/((?!_next).*)`, "
        "`/((?!api/inngest(?:/|$))api|trpc)(.*)` for `/(api|trpc)(.*)`"
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_without_a_matcher_one_is_added_in_the_files_own_line_ends(end: str, mark: str) -> None:
    line = 'export const config = { matcher: ["/((?!api/inngest(?:/|$)).*)"] };'
    text = mark + HEAD.replace("\n", end)
    edit = leave_out(text, "middleware.ts", INNGEST)
    assert edit.text == f"{text}{end}{line}{end}"
    assert edit.summary == f"add `{line}`"
    assert leave_out(text.rstrip(), "middleware.ts", INNGEST).text == edit.text


def test_a_config_without_a_matcher_gets_one() -> None:
    text = f"{HEAD}export const config = {{ runtime: 'nodejs' }} satisfies Config;\n"
    assert leave_out(text, "middleware.ts", BOTH).text == text.replace(
        "{ runtime", '{ matcher: ["/((?!api/inngest(?:/|$)|api/cronshift(?:/|$)).*)"], runtime'
    )


@pytest.mark.parametrize(
    "text",
    [
        config("matchers()"),
        config("[...shared, '/api/:path*']"),
        config("['/api/inngest']"),
        config("'/((?!x)a|api.*)'"),
        config("'/:path*/:last'"),
        config("'/((([^/]+)+)+)'"),
        f"{HEAD}export const config = {{ ...shared }};\n",
        f"{HEAD}export {{ config }} from './shared';\n",
        "module.exports = { middleware() {} };\n",
        f"{HEAD}const = ;\n",
    ],
)
def test_what_is_not_sure_is_said_to_be_written_by_hand(text: str) -> None:
    with pytest.raises(
        NotExactError, match=r"if \(/\^\(.*inngest\)\(.*pathname\)\) return NextResponse"
    ):
        leave_out(text, "middleware.ts", INNGEST)


@pytest.mark.parametrize("text", [HEAD, *(config(f"'{source}'") for source in NARROWED)])
def test_a_path_that_begins_alike_is_not_let_by(text: str) -> None:
    root = parse(leave_out(text, "middleware.ts", BOTH).text, "typescript")
    before, matcher = parse(text, "typescript"), matcher_of(root) if root is not None else None
    was = matcher_of(before) if before is not None else None
    assert was is not None
    assert matcher is not None
    for path in ("/api/inngest-admin", "/api/inngestx", "/api/cronshift.", "/api/inngest/a"):
        taken = was.line_before(path) is not None and path != "/api/inngest/a"
        assert (matcher.line_before(path) is not None) is taken


def test_a_path_with_signs_of_patterns_is_refused() -> None:
    with pytest.raises(NotExactError, match="not plain"):
        leave_out(HEAD, "middleware.ts", ["/api/(inngest)"])


SEGMENTS = st.lists(st.sampled_from(["api", "inngest", "cronshift", "a", "b.png", "trpc", "_next"]), max_size=4)  # fmt: skip


@given(st.sampled_from(list(NARROWED)), SEGMENTS)
def test_every_other_path_is_matched_as_before(source: str, segments: list[str]) -> None:
    path, value = "/" + "/".join(segments), source.replace("\\\\", "\\")
    narrowed = leave_out(config(f"'{source}'"), "middleware.ts", BOTH).text
    root = parse(narrowed, "typescript")
    matcher = matcher_of(root) if root is not None else None
    assert matcher is not None
    left_out = segments[:2] in (["api", "inngest"], ["api", "cronshift"])
    assert (matcher.line_before(path) is not None) is (runs_before(value, path) and not left_out)


@pytest.mark.parametrize(
    "source",
    ["/api/:path*", "/api/(.*)", "/((?!_next/static|favicon.ico).*)", "/((?!api/x).*)", "/api/:p+"],
)
def test_what_was_left_out_is_let_in_again_and_nothing_else(source: str) -> None:
    one, two = (
        leave_out(config(f"'{source}'"), "middleware.ts", paths).text for paths in (INNGEST, BOTH)
    )
    guard = next(path for path in BOTH if path not in INNGEST)
    assert let_in(two, "middleware.ts", guard) == one
    assert let_in(one, "middleware.ts", guard) == one


def test_a_refusal_that_is_not_surely_that_path_stays() -> None:
    text = config("'/((?!x/api/cronshift(?:/|$)).*)'")
    assert let_in(text, "middleware.ts", "/api/cronshift") == text
