"""Python work that stays one step, each with the reason and its line."""

# ruff: noqa: ISC004 - sources of several lines
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry
from cronshift.targets.direct.python.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = Entry("/api/cron/x", "0 6 * * *")
HEAD = """import asyncio

from fastapi import FastAPI

from work import Row, ask, cached, fetch, kept, opened, rows, sort, spread

app = FastAPI()
NAMES = ["a", "b"]


@app.get("/api/cron/x")
"""
WORK = """import httpx

CACHE = {}


class Row:
    pass


def ask(name, body=None):
    return httpx.post(f"https://example.com/{name}", json=body).json()


async def fetch(name: str) -> int:
    return len(name)


def rows():
    return [Row()]


def sort(items):
    items.sort()


def spread(items):
    return ask("x", items)


def kept():
    return (1, 2)


def cached(name):
    CACHE.update(name=name)


def opened():
    global CACHE
    CACHE = {}
"""
UNOFFERED = {
    "a result that is no JSON": (
        'def x():\n    found = rows()\n    ask("x", len(found))\n    return {}\n',
        "goes on with what rows gives, which JSON may change: found = rows()",
    ),
    "a pair": (
        'def x():\n    first, last = kept()\n    ask("x", first)\n    return {}\n',
        "goes on with what kept gives, which JSON may change: first, last = kept()",
    ),
    "a value that is another each time": (
        "import random\n\n\ndef x():\n    n = random.random()\n    ask('x', n)\n    return {}\n",
        "goes on with what random.random gives, which JSON may change: n = random.random()",
    ),
    "a list that a step changes": (
        "def x():\n    got = ask('rows')\n    sort(got)\n    return {'rows': got}\n",
        "hands got to sort, which may change it: sort(got)",
    ),
    "a value that only the process has": (
        "def x():\n    opened()\n    ask('x')\n    return {}\n",
        "calls opened, which keeps something that only its process has: opened()",
    ),
    "a dictionary of the module's": (
        "def x():\n    cached('a')\n    ask('x')\n    return {}\n",
        "calls cached, which keeps something that only its process has: cached('a')",
    ),
    "a library's call": (
        "import firebase\n\n\ndef x():\n    firebase.begin()\n    ask('x')\n    return {}\n",
        "calls firebase.begin, which is not read: firebase.begin()",
    ),
    "a client that is closed behind its work": (
        "def x():\n    with open('x') as file:\n        ask('x', file.read())\n    return {}\n",
        "does a with that is no step: with open('x') as file:",
    ),
    "each by itself": (
        "def x():\n    bad = 0\n    for name in NAMES:\n        try:\n            ask(name)\n"
        "        except Exception:\n            bad += 1\n    return {'bad': bad}\n",
        "goes on behind an error of what would be a step: except Exception:",
    ),
    "a certain error": (
        "def x():\n    try:\n        ask('a')\n        ask('b')\n    except KeyError as error:\n"
        "        raise RuntimeError('no') from error\n    return {}\n",
        "goes on behind an error of what would be a step: except KeyError as error:",
    ),
    "errors as values": (
        "async def x():\n    got = await asyncio.gather(fetch('a'), return_exceptions=True)\n"
        "    return {'got': len(got)}\n",
        "goes on behind an error of what would be a step: "
        "got = await asyncio.gather(fetch('a'), return_exceptions=True)",
    ),
    "tasks that are made elsewhere": (
        "async def x():\n    tasks = [fetch(name) for name in NAMES]\n"
        "    await asyncio.gather(*tasks)\n    return {}\n",
        "does its work within an expression: tasks = [fetch(name) for name in NAMES]",
    ),
    "work in a comprehension": (
        "def x():\n    ask('a')\n    return {'all': [ask(name) for name in NAMES]}\n",
        "does its work within an expression: return {'all': [ask(name) for name in NAMES]}",
    ),
    "a name that the steps need": (
        "def x():\n    ctx = ask('a')\n    ask('b')\n    return {'ctx': ctx}\n",
        "has a name `ctx` already: ctx = ask('a')",
    ),
    "one call": ("def x():\n    return {'a': ask('a')}\n", "shows no more than one: def x():"),
}


def converted(root: Path, work: str) -> Converted:
    (root / "work.py").write_text(WORK)
    imports, _, function = work.rpartition("\n\n\n")
    head = HEAD.replace(
        "import asyncio\n", f"import asyncio\n{imports}\n" if imports else "import asyncio\n"
    )
    (root / "index.py").write_text(head + function)
    conversion = convert(SourceTree(root), "index.py", ENTRY, steps=True)
    assert isinstance(conversion, Converted), str(conversion)
    return conversion


@pytest.mark.parametrize("what", UNOFFERED)
def test_work_stays_one_step_and_says_where_and_why(tmp_path: Path, what: str) -> None:
    work, why = UNOFFERED[what]
    conversion = converted(tmp_path, work)
    assert (conversion.steps, conversion.unoffered) == ((), f"it {why}")
    assert "ctx.step" not in conversion.text


def test_a_list_that_is_only_read_is_handed_on(tmp_path: Path) -> None:
    work = "def x():\n    got = ask('rows')\n    spread(got)\n    return {'rows': got}\n"
    assert converted(tmp_path, work).steps == ("ask rows", "spread")


def test_values_of_a_fan_out_have_steps_already(tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text(
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        '@app.get("/api/cron/x")\ndef x(model: str):\n    return model\n'
    )
    entry = Entry("/api/cron/x", "0 6 * * *", "model")
    conversion = convert(SourceTree(tmp_path), "index.py", entry, steps=True)
    assert isinstance(conversion, Converted)
    assert conversion.unoffered == "each value has a step already"
