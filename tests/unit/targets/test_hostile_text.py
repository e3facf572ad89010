"""Text from vercel.json stays data: it never becomes code, another file or another line."""

from __future__ import annotations

import ast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cronshift.model import (
    CronEntry,
    FanOut,
    FanOutMode,
    Handler,
    HandlerKind,
    Job,
    JobOptions,
    Location,
    Mode,
    Plan,
    RowSource,
)
from cronshift.runtime.schedule import Schedule
from cronshift.targets import generate

HOSTILE = (
    '"""',
    "'''",
    '"; import os; "',
    "')\nimport os\n('",
    "\\",
    '\\"""\nimport os\n"""',
    "${IFS}",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{# comment",
    "../../etc/passwd",
    "\0",
    "\r\n# -*- coding: utf-7 -*-",
    "\u2028import os",
    "\u202e/api",
    "\ud800",
    "日本/\U0001f525",
    "%00%0a",
)
TEXT = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.lists(st.sampled_from(HOSTILE)).map("".join),
)
JOB_MODULE = [
    "docstring",
    "ImportFrom datetime",
    "Import inngest",
    "ImportFrom cronshift",
    "ImportFrom client",
    "Assign JOB",
    "AsyncFunctionDef on_failure",
    "AsyncFunctionDef job",
]


def a_plan(path: str = "/", **fields: str) -> Plan:
    source = Location(fields.get("file", "vercel.json"), 1)
    entry = CronEntry(path, "* * * * *", source, "crons[0]", method=fields.get("method", "GET"))
    values = fields.get("value", "v")
    options = JobOptions(
        idempotency=values, heartbeat_env=values, fan_out=FanOut(values, (values, "x"))
    )
    handler = Handler(fields.get("handler", "api.py"), HandlerKind.ASGI, "app", "python")
    jobs = (
        Job("job", entry, Schedule.parse("* * * * *"), Mode.BRIDGE, options=options),
        Job(
            "rows",
            entry,
            Schedule.parse("* * * * *"),
            Mode.BRIDGE,
            options=JobOptions(fan_out=FanOut(values, RowSource("a:b", values), FanOutMode.RUNS)),
        ),
        Job("direct", entry, Schedule.parse("* * * * *"), Mode.DIRECT, handler=handler),
    )
    app_id = fields.get("app_id", "app")
    return Plan(None, source.file, "python", app_id, "inngest_app", jobs, ())


def parsed(plan: Plan) -> dict[str, ast.Module]:
    return {file.path: ast.parse(file.text.encode()) for file in generate(plan)}


def statements(module: ast.Module) -> list[str]:
    """Return the kind and the name of every statement of a module."""
    return [_kind_and_name(node) for node in module.body]


def _kind_and_name(node: ast.stmt) -> str:
    match node:
        case ast.Expr(value=ast.Constant()):
            return "docstring"
        case ast.ImportFrom(module=name):
            return f"ImportFrom {name}"
        case ast.Import(names=[alias]):
            return f"Import {alias.name}"
        case ast.Assign(targets=[ast.Name(id=name)]):
            return f"Assign {name}"
        case ast.AsyncFunctionDef(name=name):
            return f"AsyncFunctionDef {name}"
    return ast.dump(node)


def calls(module: ast.Module) -> list[str]:
    return [ast.unparse(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)]


def of_job(module: ast.Module, name: str) -> object:
    """Return an argument of the module's ``JOB``."""
    found = next(node for node in module.body if isinstance(node, ast.Assign))
    assert isinstance(found.value, ast.Call)
    return ast.literal_eval(next(kw.value for kw in found.value.keywords if kw.arg == name))


@given(TEXT)
@settings(deadline=None)
@example("".join(HOSTILE))
def test_the_path_of_a_generated_job_is_exactly_the_entrys(path: str) -> None:
    modules = parsed(a_plan(path))
    assert of_job(modules["inngest_app/jobs/job.py"], "path") == path
    assert of_job(modules["inngest_app/jobs/direct.py"], "path") == path


@pytest.mark.parametrize("field", ["path", "file", "method", "value", "handler", "app_id"])
@given(text=TEXT)
@settings(deadline=None)
@example(text="".join(HOSTILE))
def test_no_text_adds_a_statement_or_a_call(field: str, text: str) -> None:
    plain, hostile = parsed(a_plan()), parsed(a_plan(**{field: text}))
    assert hostile.keys() == plain.keys()
    for path, module in hostile.items():
        assert [_without_name(line) for line in statements(module)] == [
            _without_name(line) for line in statements(plain[path])
        ]
        assert calls(module) == calls(plain[path])


def test_a_job_module_is_what_it_seems() -> None:
    assert statements(parsed(a_plan())["inngest_app/jobs/job.py"]) == JOB_MODULE


def test_a_line_end_in_a_path_is_none_in_the_docstring() -> None:
    module = parsed(a_plan("/x\n\r\u2028y"))["inngest_app/jobs/job.py"]
    assert (ast.get_docstring(module) or "").splitlines()[2].startswith("GET /x%0A%0D%E2%80%A8y,")


def _without_name(statement: str) -> str:
    """Return a statement without its target's name: apps are named by their files."""
    return statement.partition(" ")[0] if statement.startswith("Assign") else statement
