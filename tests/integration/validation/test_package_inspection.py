"""Packages inspected in a real process of their own, each broken in another way."""

from __future__ import annotations

import os
import sys
import textwrap
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cronshift.engine.validation import inspect_package
from cronshift.errors import CronshiftError, NotWellError
from cronshift.model import Location

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.engine.validation import Registration

FUNCTION = """
import inngest
from ..client import client


@client.create_function(
    fn_id="{name}", trigger=inngest.TriggerCron(cron="TZ=UTC 0 6 * * *"), retries=3
)
async def {name}(ctx: inngest.Context) -> None:
    pass
"""


def put(root: Path, files: dict[str, str]) -> Path:
    """Write a package ``app`` with two functions, and ``files`` over it."""
    package = {
        "__init__.py": """
            from .jobs.one import one
            from .jobs.two import two
            functions = [one, two]
        """,
        "client.py": "import inngest\nclient = inngest.Inngest(app_id='predictions')\n",
        "jobs/__init__.py": "",
        "jobs/one.py": FUNCTION.format(name="one"),
        "jobs/two.py": FUNCTION.format(name="two"),
    }
    for name, text in {**package, **files}.items():
        file = root / "app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    return root


def inspected(root: Path, files: dict[str, str] | None = None) -> Registration:
    return inspect_package(put(root, files or {}), "app")


def refused(root: Path, files: dict[str, str]) -> NotWellError:
    with pytest.raises(NotWellError) as caught:
        inspected(root, files)
    return caught.value


def test_a_package_tells_what_it_would_register(tmp_path: Path) -> None:
    registration = inspected(tmp_path)
    assert registration.app_id == "predictions"
    assert registration.sdk is not None
    assert registration.sdk.startswith("inngest-py:v0.5.")
    assert registration.functions is not None
    one, two = registration.functions
    assert (one.id, two.id, registration.count) == ("predictions-one", "predictions-two", 2)
    assert [trigger.cron for trigger in one.triggers] == ["TZ=UTC 0 6 * * *"]
    assert (one.retries, one.location) == (3, Location("app/jobs/one.py", 6))


def test_a_function_left_out_is_told_with_its_place(tmp_path: Path) -> None:
    text = "from .jobs.one import one\nfunctions = [one]\n"
    (left,) = inspected(tmp_path, {"__init__.py": text}).undeclared
    assert (left.id, left.location) == ("predictions-two", Location("app/jobs/two.py", 6))


def test_ids_in_use_twice_are_both_told(tmp_path: Path) -> None:
    text = FUNCTION.format(name="two").replace('"two"', '"one"')
    registration = inspected(tmp_path, {"jobs/two.py": text})
    ids = [function.id for function in registration.functions or ()]
    assert ids == ["predictions-one", "predictions-one"]


def test_options_that_the_sdk_cannot_express_are_told_of_their_function_only(
    tmp_path: Path,
) -> None:
    text = FUNCTION.format(name="two").replace("retries=3", "timeouts=inngest.Timeouts(finish=500)")
    registration = inspected(tmp_path, {"jobs/two.py": text})
    assert [function.id for function in registration.functions or ()] == ["predictions-one"]
    (broken,) = registration.unreadable
    assert broken.id == "predictions-two"
    assert "at least 1 second" in broken.problem


def test_a_failure_handler_is_registered_beside_its_function(tmp_path: Path) -> None:
    text = "async def failed(ctx: object) -> None: ...\n" + FUNCTION.format(name="two").replace(
        "retries=3", "on_failure=failed"
    )
    registration = inspected(tmp_path, {"jobs/two.py": text})
    failures = [one.id for one in registration.functions or () if one.is_failure_handler]
    assert failures == ["predictions-two-failure"]
    assert registration.count == 2


def test_what_the_package_prints_does_not_disturb(tmp_path: Path) -> None:
    noise = (
        'import os, sys\nprint("{" * 100_000)\nos.write(1, b"x" * 100_000)\nos.system("echo y")\n'
    )
    text = noise + FUNCTION.format(name="one")
    assert inspected(tmp_path, {"jobs/one.py": text}).count == 2


def test_a_program_or_thread_that_the_package_starts_does_not_hold_the_answer(
    tmp_path: Path,
) -> None:
    noise = """
import subprocess, sys, threading
threading.Thread(target=threading.Event().wait).start()
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
"""
    text = noise + FUNCTION.format(name="one")
    assert inspected(tmp_path, {"jobs/one.py": text}).count == 2


def test_an_import_error_is_told_with_the_lines_that_led_to_it(tmp_path: Path) -> None:
    error = refused(tmp_path, {"jobs/two.py": "x = 1\nimport not_there\n"})
    assert error.reason == "import-failed"
    assert error.where == "app/jobs/two.py:2"
    assert error.message == (
        "app cannot be imported: ModuleNotFoundError: No module named 'not_there'\n"
        "  app/__init__.py:3  from .jobs.two import two\n"
        "  app/jobs/two.py:2  import not_there"
    )


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    error = refused(tmp_path, {"jobs/two.py": "x = 1\ndef two(:\n"})
    assert (error.reason, error.where) == ("import-failed", "app/jobs/two.py:2")
    assert "SyntaxError" in error.message
    assert "def two(:" in error.message


def test_only_the_projects_own_lines_are_told(tmp_path: Path) -> None:
    error = refused(tmp_path, {"jobs/two.py": 'import json\njson.loads("{")\n'})
    assert error.message.count("\n") == 2


@pytest.mark.parametrize("code", ["import sys\nsys.exit(3)", "raise KeyboardInterrupt"])
def test_a_package_that_tries_to_end_the_process_is_told(tmp_path: Path, code: str) -> None:
    error = refused(tmp_path, {"jobs/two.py": code})
    assert (error.reason, error.where) == (
        "import-failed",
        f"app/jobs/two.py:{code.count(chr(10)) + 1}",
    )


def test_a_process_that_ends_without_an_answer_is_told_with_its_last_words(
    tmp_path: Path,
) -> None:
    code = 'import os, sys\nprint("last words", file=sys.stderr, flush=True)\nos._exit(7)\n'
    error = refused(tmp_path, {"jobs/two.py": code})
    assert error.reason == "import-failed"
    assert "exit code 7" in error.message
    assert error.message.endswith("last words")


def test_an_import_that_does_not_end_is_ended(tmp_path: Path) -> None:
    code = "import os, pathlib, threading\npathlib.Path('pid').write_text(str(os.getpid()))\nthreading.Event().wait()\n"
    put(tmp_path, {"jobs/two.py": code})
    begun = tmp_path / "pid"
    for seconds in (2, 10, 60):  # a loaded machine may not have begun the import by then
        with pytest.raises(NotWellError) as caught:
            inspect_package(tmp_path, "app", timeout=timedelta(seconds=seconds))
        assert caught.value.reason == "import-timeout"
        if begun.exists():
            break
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "AttributeError"),
        ("functions = None\n", "TypeError"),
        ("functions = ['one']\n", "TypeError"),
    ],
)
def test_a_package_without_a_list_of_functions_is_told(
    tmp_path: Path, text: str, kind: str
) -> None:
    assert kind in refused(tmp_path, {"__init__.py": text}).message


def test_a_package_without_functions_registers_none(tmp_path: Path) -> None:
    registration = inspected(tmp_path, {"__init__.py": "functions = []\n"})
    assert (registration.functions, registration.count) == ((), 0)
    assert len(registration.undeclared) == 2


def test_a_nested_package_is_imported_from_the_root(tmp_path: Path) -> None:
    put(tmp_path / "src", {})
    assert inspect_package(tmp_path, "src.app").count == 2


def test_files_of_the_project_do_not_stand_in_for_the_probes_own(tmp_path: Path) -> None:
    put(tmp_path, {})
    (tmp_path / "json.py").write_text("raise RuntimeError\n")
    (tmp_path / "cronshift.py").write_text("raise RuntimeError\n")
    assert inspect_package(tmp_path, "app").count == 2


def test_no_bytecode_is_left_in_the_project(tmp_path: Path) -> None:
    inspected(tmp_path)
    assert list(tmp_path.rglob("__pycache__")) == []


def test_the_environment_reaches_the_package_with_dev_mode_by_default(tmp_path: Path) -> None:
    code = 'import os\nassert (os.environ["INNGEST_DEV"], os.environ["MINE"]) == ("1", "x")\n'
    put(tmp_path, {"jobs/two.py": code + FUNCTION.format(name="two")})
    environment = {"MINE": "x", "PATH": os.environ["PATH"]}
    assert inspect_package(tmp_path, "app", environment=environment).count == 2


def test_a_package_that_is_not_there_is_told_with_the_command_that_makes_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(CronshiftError) as caught:
        inspect_package(tmp_path, "app")
    assert (caught.value.reason, caught.value.hint) == ("not-generated", "cronshift migrate")


def test_an_interpreter_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    put(tmp_path, {})
    with pytest.raises(CronshiftError) as caught:
        inspect_package(tmp_path, "app", python=str(tmp_path / "python"))
    assert caught.value.reason == "no-python"


def test_an_interpreter_without_cronshift_is_told(tmp_path: Path) -> None:
    put(tmp_path, {})
    bare = os.path.realpath(sys.executable)  # outside the virtual environment
    environment = {"PATH": os.environ["PATH"]}
    with pytest.raises(NotWellError, match="No module named"):
        inspect_package(tmp_path, "app", python=bare, environment=environment)
