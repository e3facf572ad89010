"""Awaiting what a handler starts: what is written, and where nothing is."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.handlers.tree import is_broken, parse
from cronshift.model import Handler, HandlerKind, Location
from cronshift.moving.fixing.awaiting import NotRepairableError, splices_of
from cronshift.plan.findings.behaviour import NOT_AWAITED, SWALLOWED
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.model import Finding

OPEN = "export async function GET() {\n"
CLOSE = "\n  return Response.json({});\n}\n"


def about(text: str, statement: str) -> Finding:
    """Return what the audit says of a statement."""
    line = text.count("\n", 0, text.index(statement)) + 1
    what = " ".join(statement.rstrip(";").split())[:60]
    message = f"`{what}` is started and not awaited."
    return NOT_AWAITED.finding(message, job="mail", location=Location("route.ts", line))


def repaired(text: str, statement: str, name: str = "route.ts") -> str:
    return spliced(text, splices_of(text, name, about(text, statement)))


@pytest.mark.parametrize(
    ("statement", "written"),
    [
        ("work();", "await work();"),
        ("work()", "await work()"),
        ("jobs.mail.run(1);", "await jobs.mail.run(1);"),
        (
            "work().then(done).catch(console.error);",
            "await work().then(done);",
        ),
        ("work().catch(() => {}).then(done);", "await work().then(done);"),
        ("work().catch((e) => { logger.error(e); }).finally(end);", "await work().finally(end);"),
        ("work()\n    .then(done);", "await work()\n    .then(done);"),
        ("fetch(`https://e.example/${x}`);", "await fetch(`https://e.example/${x}`);"),
        ("(async () => { await work(); })();", "await (async () => { await work(); })();"),
        ("void work();", "await work();"),
        ("void  work() // x", "await  work() // x"),
        (
            "items.forEach(async (x) => { await work(x); });",
            "await Promise.all(items.map(async (x) => { await work(x); }));",
        ),
        ("items.map(async (x) => work(x));", "await Promise.all(items.map(async (x) => work(x)));"),
        (
            "(await list()).forEach(async (x) => work(x));",
            "await Promise.all((await list()).map(async (x) => work(x)));",
        ),
    ],
)
def test_what_a_statement_starts_is_awaited(statement: str, written: str) -> None:
    text = f"{OPEN}  {statement}{CLOSE}"
    found = statement.partition(" //")[0]
    assert repaired(text, found) == f"{OPEN}  {written}{CLOSE}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("export function GET(request: Request) {", "export async function GET(request: Request) {"),
        ("export const GET = (request) => {", "export const GET = async (request) => {"),
        ("export const GET = request => {", "export const GET = async request => {"),
        ("export const GET = function () {", "export const GET = async function () {"),
        ("export default function handler(req, res) {", "export default async function handler(req, res) {"),
        ("export default (req, res) => {", "export default async (req, res) => {"),
        ("export function GET(): Promise<Response> {", "export async function GET(): Promise<Response> {"),
    ],
)  # fmt: skip
def test_the_handler_becomes_async_where_only_the_framework_calls_it(
    before: str, after: str
) -> None:
    assert repaired(f"{before}\n  work();\n}}\n", "work();") == f"{after}\n  await work();\n}}\n"


def test_a_function_that_is_exported_further_down_is_the_handler_too() -> None:
    text = "function handler(req, res) {\n  work();\n}\n\nexport default handler;\n"
    assert repaired(text, "work();") == (
        "async function handler(req, res) {\n  await work();\n}\n\nexport default handler;\n"
    )
    named = "const run = () => {\n  work();\n};\nexport { run as GET };\n"
    assert "async () => {\n  await work();" in repaired(named, "work();")
    listed = 'function GET(r) {\n  if (r.method !== "GET") return;\n  work();\n}\nexport { GET };\n'
    assert repaired(listed, "work();").startswith("async function GET(r) {")
    common = "module.exports = (req, res) => {\n  work();\n};\n"
    assert repaired(common, "work();").startswith("module.exports = async (req, res) => {")


@pytest.mark.parametrize(
    ("text", "statement", "why"),
    [
        (f"{OPEN}  setTimeout(async () => work(), 0);{CLOSE}", "setTimeout(async () => work(), 0);", "gives nothing"),
        (f"{OPEN}  cp.spawn('x');{CLOSE}", "cp.spawn('x');", "gives nothing"),
        (f"{OPEN}  items?.forEach(async (x) => work(x));{CLOSE}", "items?.forEach(async (x) => work(x));", "may be absent"),
        (f"{OPEN}  const s = new Set();\n  s.forEach(async (x) => work(x));{CLOSE}", "s.forEach(async (x) => work(x));", "no array"),
        (f"{OPEN}  const s: Map<string, X> = f();\n  s.forEach(async (x) => work(x));{CLOSE}", "s.forEach(async (x) => work(x));", "no array"),
        (f"{OPEN}  url.searchParams.forEach(async (x) => work(x));{CLOSE}", "url.searchParams.forEach(async (x) => work(x));", "no array"),
        ("export function GET(): Response {\n  work();\n}\n", "work();", "returns `Response`"),
        ("export const GET: Handler = () => {\n  work();\n};\n", "work();", "not async"),
        ("export const GET = wrapped(() => {\n  work();\n});\n", "work();", "not async"),
        ("export function GET() {\n  work();\n}\nexport const x = GET();\n", "work();", "not async"),
        ("function GET() {\n  work();\n}\n", "work();", "not async"),
        ("export function* GET() {\n  work();\n}\n", "work();", "not async"),
        ("work();\n", "work();", "no function"),
        (f"{OPEN}  const x = work();{CLOSE}", "work();", "no statement"),
        (f"{OPEN}  work();{CLOSE}const = ;\n", "work();", "does not parse"),
    ],
)  # fmt: skip
def test_what_awaiting_alone_does_not_mend_is_left(text: str, statement: str, why: str) -> None:
    with pytest.raises(NotRepairableError, match=why):
        repaired(text, statement)


def test_other_findings_and_languages_are_not_mended() -> None:
    place = Location("route.ts", 2)
    with pytest.raises(NotRepairableError, match="only work that is not awaited"):
        splices_of(OPEN + CLOSE, "route.ts", SWALLOWED.finding("x", location=place))
    with pytest.raises(NotRepairableError, match="only JavaScript"):
        repaired("work();\n", "work();", name="index.py")


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("work().catch((error) => markFailed(error));", "catch"),
        ("work().catch(handled);", "catch"),
        ("work().then(done, failed);", "then"),
    ],
)
def test_a_chain_that_handles_a_failure_is_left_to_the_user(statement: str, name: str) -> None:
    source = f"export async function GET() {{\n  {statement}\n  return Response.json({{}});\n}}\n"
    with pytest.raises(NotRepairableError, match=rf"its `\.{name}\(…\)` handles a failure"):
        repaired(source, statement)


LINES = st.sampled_from(["\n", "\r\n"])
FILLING = st.text(st.characters(exclude_characters="*/\r\n\u2028\u2029\x00", exclude_categories=["Cs"]), max_size=9)  # fmt: skip
NAMES = st.from_regex(r"[a-z][a-zA-Z]{0,6}", fullmatch=True).map(lambda name: f"{name}Work")


@st.composite
def handlers(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw a source, a statement in it, and what is to stand there instead."""
    end, name, said = draw(LINES), draw(NAMES), draw(FILLING)
    call = f"{name}({draw(st.sampled_from(['', '1', '{ a: 1 }', '`x`']))})"
    chain = draw(st.sampled_from(["", ".then(done)", ".catch(console.error).finally(end)"]))
    kept = chain.replace(".catch(console.error)", "")  # a failure is to be heard
    body = f"async (x) => {{ await {name}(x); }}"
    statement, written = draw(
        st.sampled_from(
            [
                (f"{call}{chain};", f"await {call}{kept};"),
                (f"void {call}{chain};", f"await {call}{kept};"),
                (f"items.forEach({body});", f"await Promise.all(items.map({body}));"),
            ]
        )
    )
    opened, asynchronous = draw(
        st.sampled_from(
            [
                ("export async function GET() {", "export async function GET() {"),
                ("export function GET() {", "export async function GET() {"),
                ("export const GET = () => {", "export const GET = async () => {"),
            ]
        )
    )
    mark = draw(st.sampled_from(["", "\ufeff"]))

    def file(head: str, line: str) -> str:
        lines = [
            f"/* {said} */",
            head,
            f"  {line} // {said}",
            "  return Response.json({});",
            "}",
            "",
        ]
        return mark + end.join(lines)

    return file(opened, statement), statement, file(asynchronous, written)


@given(handlers())
def test_nothing_but_the_spans_changes_and_it_is_done_once(drawn: tuple[str, str, str]) -> None:
    text, statement, expected = drawn
    splices = sorted(splices_of(text, "route.ts", about(text, statement)))
    after = spliced(text, splices)
    assert after == expected
    assert all(one.end <= other.start for one, other in pairwise(splices))
    kept = "".join(
        text[one.end : other.start]
        for one, other in pairwise([Splice(0, 0, ""), *splices, Splice(len(text), len(text), "")])
    )
    gone = "".join(text[one.start : one.end] for one in splices)
    assert len(kept) + len(gone) == len(text)
    assert gone.replace(".catch(console.error)", "") in {"", "void", "forEach"}
    root = parse(after, "typescript")
    assert root is not None
    assert not is_broken(root)
    with pytest.raises(NotRepairableError):  # what is awaited is no finding's statement any more
        splices_of(after, "route.ts", about(text, statement))


@pytest.mark.parametrize("head", ["export async function GET() {", "export function GET() {"])
def test_the_audit_finds_nothing_in_a_mended_text(tmp_path: Path, head: str) -> None:
    route = tmp_path / "app/api/cron/mail/route.ts"
    route.parent.mkdir(parents=True)
    route.write_text(
        f"{head}\n  send();\n  return Response.json({{}});\n}}\nasync function send() {{}}\n"
    )
    (tmp_path / "vercel.json").write_text(
        '{"crons": [{"path": "/api/cron/mail", "schedule": "0 3 * * *"}]}'
    )
    project = load_project(tmp_path)
    (finding,) = [one for one in make_plan(project).findings if one.code == "CS201"]
    text = route.read_text()
    edited = {
        "app/api/cron/mail/route.ts": spliced(text, splices_of(text, "route.ts", finding)).encode(),
    }
    plan = make_plan(replace(project, edited=edited))
    assert [one.code for one in plan.findings if one.code in {"CS201", "CS202"}] == []
    assert plan.jobs[0].handler == Handler(
        "app/api/cron/mail/route.ts", HandlerKind.NEXT_ROUTE, "GET", "typescript", auth="none"
    )
    assert route.read_text() == text
