"""The command line's own behaviour: help, errors, pipes, a terminal, Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from cronshift.cli import COMMANDS, RENAMED, respelt
from cronshift.commands.page import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.commands.conftest import Cronshift

ROOT = Path(__file__).parents[3]
HOUSE = ROOT / "src" / "cronshift"
PROGRAM = str(Path(sys.executable).with_name("cronshift"))


def test_the_version_is_told(cronshift: Cronshift) -> None:
    said = cronshift("--version")
    assert (said.code, said.out[:10]) == (0, "cronshift ")


def test_help_lists_every_command(cronshift: Cronshift) -> None:
    said = cronshift("--help")
    assert said.code == 0
    assert all(command in said.out for command in COMMANDS)
    assert cronshift().out == cronshift("-C", "audit", "-h").out == said.out
    assert cronshift("audit", "--help").out != said.out


def test_help_is_one_screen_of_every_stage_with_the_verbs_of_each_noun() -> None:
    lines = PAGE.splitlines()
    assert len(lines) < 24  # and the prompt
    assert max(map(len, lines)) < 80
    stages = list(dict.fromkeys(command.panel for command in COMMANDS.values()))
    assert [line.split()[0] for line in lines[2:] if line[:1].strip()][:-1] == stages
    rows = [(line[10:29].strip().split(", "), line[29:]) for line in lines]
    for name in COMMANDS:
        ((names, text),) = [row for row in rows if name in row[0]]
        modules = [
            import_module(f"cronshift.commands.{COMMANDS[each].attribute}") for each in names
        ]
        verbs = [", ".join(getattr(module, "SUBCOMMANDS", ())) for module in modules]
        assert not any(verbs) or text.partition(": ")[0] == "; ".join(verbs)


def test_no_text_of_ours_spells_a_command_as_of_old() -> None:
    old = re.compile(rf"cronshift ({'|'.join(RENAMED)})\b(?!-)")
    sources = [*HOUSE.rglob("*.py"), *HOUSE.rglob("*.j2"), *(ROOT / "docs").rglob("*.md")]
    texts = {
        path: path.read_text() for path in (*sources, ROOT / "README.md", ROOT / "SECURITY.md")
    }
    assert [path.name for path, text in texts.items() if old.search(text)] == []


@pytest.mark.parametrize("old", RENAMED)
def test_an_old_spelling_explains_the_new_command(cronshift: Cronshift, old: str) -> None:
    said = cronshift(old, "--help")
    assert said.code == 0
    assert f"That is spelt cronshift {RENAMED[old]} now." in said.err
    assert f"cronshift {RENAMED[old]}" in said.out.partition("Examples:")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(cronshift: Cronshift, command: str) -> None:
    said = cronshift(command, "--help")
    assert said.code == 0
    assert f"cronshift {command}" in said.out.partition("Examples:")[2]


def test_a_finding_that_is_spelt_wrongly_is_guessed(cronshift: Cronshift) -> None:
    assert "Did you mean CS430?" in cronshift("explain", "430").err


@pytest.mark.parametrize("command", ["rollback", "sessions scaffold", "sessions"])
def test_help_tells_the_tables_of_the_settings(cronshift: Cronshift, command: str) -> None:
    assert "[sessions]" in cronshift(*command.split(), "--help").out


def test_the_module_is_the_same_program(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cronshift", "--version"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("cronshift ")


@pytest.mark.parametrize("words", [("--json", "audit"), ("audit", "--json")])
def test_global_options_may_stand_anywhere(cronshift: Cronshift, words: tuple[str, ...]) -> None:
    assert cronshift(*words).document["version"] == 1


def test_another_folder_may_be_named(cronshift: Cronshift, project: Path, tmp_path: Path) -> None:
    cronshift.folder = tmp_path
    assert cronshift("-C", str(project), "audit", "--json").code == 0
    assert cronshift("audit", env={"CRONSHIFT_DIRECTORY": str(project)}).code == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("audit", "--nonsense"), "usage"),
        (("nonsense",), "usage"),
        (("run",), "usage"),
        (("-C", "no-such-folder", "audit"), "no-project"),
        (("--config", "no-such.toml", "audit"), "no-config"),
        (("explain", "CS999"), "no-such-finding"),
    ],
)
def test_an_error_is_one_document_under_json(
    cronshift: Cronshift, words: tuple[str, ...], reason: str
) -> None:
    said = cronshift(*words, "--json")
    assert said.code == 2
    assert set(said.document["error"]) == {"reason", "message", "hint", "where"}
    assert said.document["error"]["reason"] == reason


def test_a_project_without_a_configuration_is_told_where_to_look(
    empty: Callable[..., Cronshift],
) -> None:
    said = empty()("audit")
    assert said.code == 2
    assert "vercel.json" in said.err
    assert "Traceback" not in said.err


def test_a_pipe_gets_neither_colour_nor_live_output(cronshift: Cronshift) -> None:
    said = cronshift("run", "update-ai-models")
    assert said.code == 0
    assert "\x1b" not in said.out + said.err


def test_a_closed_pipe_ends_it_quietly(project: Path, environment: dict[str, str]) -> None:
    command = f"{PROGRAM} audit --json --next 100 | head -c 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=project, env=environment, capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"{", b"")


def _listen_to_ctrl_c() -> None:
    """Undo what a shell's background jobs inherit: that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def terminal(project: Path, environment: dict[str, str]) -> Callable[..., pexpect.spawn[str]]:
    """Start the program on a terminal of its own."""

    def start(*words: str) -> pexpect.spawn[str]:
        return pexpect.spawn(
            PROGRAM,
            list(words),
            cwd=str(project),
            env={**environment, "TERM": "xterm-256color"},
            encoding="utf-8",
            timeout=60,
            dimensions=(50, 120),
            preexec_fn=_listen_to_ctrl_c,
        )

    return start


def test_on_a_terminal_migrate_asks_and_takes_no_for_an_answer(
    project: Path, terminal: Callable[..., pexpect.spawn[str]]
) -> None:
    program = terminal("migrate")
    program.expect(r"Write these files\? \[y/N\]")
    program.sendline("n")
    program.expect(pexpect.EOF)
    program.close()
    assert program.exitstatus == 1
    assert not (project / "inngest_app").exists()


def test_on_a_terminal_migrate_asks_and_writes(
    project: Path, terminal: Callable[..., pexpect.spawn[str]]
) -> None:
    program = terminal("migrate")
    program.expect(r"Write these files\? \[y/N\]")
    program.sendline("y")
    program.expect("Next: .*cronshift validate")
    program.expect(pexpect.EOF)
    program.close()
    assert program.exitstatus == 0
    assert (project / "inngest_app/asgi.py").is_file()


def test_on_a_terminal_a_run_is_shown_in_colour_while_it_goes_on(
    terminal: Callable[..., pexpect.spawn[str]],
) -> None:
    program = terminal("run", "daily-update-polymarket-data")
    program.expect("\x1b\\[")
    program.expect("completed")
    program.expect(pexpect.EOF)
    program.close()
    assert program.exitstatus == 0


def test_ctrl_c_ends_a_run_cleanly(
    project: Path, terminal: Callable[..., pexpect.spawn[str]]
) -> None:
    slow = project / "api" / "index.py"
    slow.write_text(slow.read_text().replace("asyncio.sleep(1)", "asyncio.sleep(600)"))
    program = terminal("run", "daily-update-polymarket-data", "-v")
    program.expect("daily-update-polymarket-data")
    program.kill(signal.SIGINT)
    program.expect(pexpect.EOF)
    program.close()
    assert program.exitstatus == 130
    assert "Traceback" not in str(program.before)


def test_completion_knows_the_jobs(cronshift: Cronshift) -> None:
    said = cronshift(
        env={
            "_CRONSHIFT_COMPLETE": "complete_bash",
            "COMP_WORDS": "cronshift run pred",
            "COMP_CWORD": "2",
        }
    )
    assert "prediction-check" in said.out


COMMAND_LINES: tuple[tuple[str, ...], ...] = (
    ("--help",),
    ("--version", "--json"),
    ("init", "--dry-run"),
    ("audit",),
    ("audit", "--all", "--forecast"),
    ("audit", "--json"),
    ("audit", "--format", "sarif"),
    ("audit", "--format", "github"),
    ("explain", "CS206"),
    ("migrate", "--dry-run", "-v"),
    ("migrate", "--fix", "--yes"),
    ("validate",),
    ("run", "update-ai-models"),
    ("run", "update-ai-models", "--json"),
    ("next",),
    ("runs", "list"),
    ("dead-letters", "list"),
    ("alerts", "check", "--dry-run"),
    ("monitors", "list"),
    ("report", "--html", "move.html"),
    ("serve", "--check", "--dev"),
    ("sync", "--endpoint", "http://127.0.0.1:9/api/inngest"),
    ("link", "--app", "http://127.0.0.1:9", "--endpoint", "http://127.0.0.1:9/x", "--yes"),
    ("doctor",),
    ("doctor", "--json"),
    ("setup", "--dry-run"),
    ("pause", "session-recovery", "--yes"),
    ("resume-job", "session-recovery", "--yes"),
    ("cutover", "prediction-check", "--save-plan", "plan.json"),
    ("compare",),
    ("advance",),
    ("operations", "apply", "plan.json", "--yes"),
    ("operations", "show", "01"),
    ("sessions", "scaffold", "--dry-run"),
    ("sessions", "status"),
    ("operations", "abandon", "01"),
    ("cutover", "update-ai-models", "--yes"),
    ("status",),
    ("finalize", "--all"),
    ("operations", "list"),
    ("rollback", "--all", "--yes"),
    ("forget", "--dry-run"),
    ("observe",),
    ("ticks", "list"),
    ("flags", "export"),
    ("baseline", "--dry-run"),
    ("operations", "resume"),
    ("nonsense",),
)


TELLING_SIGNS: tuple[tuple[str, ...], ...] = (
    ("audit",),
    ("audit", "--format", "sarif"),
    ("migrate", "--dry-run", "-v"),
    ("run", "update-ai-models"),
    ("status",),
)
"""What prints signs of every kind: those of a file, of a table, of a diff and of a tree."""


@pytest.mark.parametrize(
    ("encoding", "lines"),
    [
        ("ascii", COMMAND_LINES),  # which lacks whatever the others lack
        ("cp1252", TELLING_SIGNS),
        ("latin-1", TELLING_SIGNS),
    ],
)
def test_no_command_fails_where_unicode_cannot_be_printed(
    project: Path, environment: dict[str, str], encoding: str, lines: tuple[tuple[str, ...], ...]
) -> None:
    source = project / "api" / "index.py"
    source.write_text(source.read_text().replace('"gpt-5"', '"gpt-5 → 😀 é"', 1))
    (project / "vercel.json").write_text(
        (project / "vercel.json")
        .read_text()
        .replace("/api/cron/update-ai-models", "/api/cron/été-😀")
    )
    source.write_text(source.read_text().replace("/api/cron/update-ai-models", "/api/cron/été-😀"))
    (project / "cronshift.toml").write_text('[jobs.update-ai-models]\npath = "/api/cron/été-😀"\n')
    assert {words[0] for words in COMMAND_LINES} >= set(COMMANDS)
    for words in lines:
        done = subprocess.run(
            [PROGRAM, *words],
            cwd=project,
            env={**environment, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
        )
        out, err = done.stdout.decode(encoding), done.stderr.decode(encoding)
        assert "a bug in cronshift" not in (out + err).lower(), words
        assert "\\u2192" not in out + err, words
        if "--json" in words or "sarif" in words:
            assert json.loads(out)["version"]


def test_what_a_pipe_cannot_print_has_a_near_sign(
    project: Path, environment: dict[str, str]
) -> None:
    done = subprocess.run(
        [PROGRAM, "run", "update-ai-models"],
        cwd=project,
        env={**environment, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().startswith("+ update-ai-models")


@pytest.mark.parametrize("words", [("--version", "--json"), ("--json", "--version")])
def test_the_version_is_told_to_programs(cronshift: Cronshift, words: tuple[str, ...]) -> None:
    document = cronshift(*words).document
    assert document["version"] == 1
    assert cronshift("--version").out == f"cronshift {document['cronshift']}\n"


@pytest.mark.parametrize(
    ("words", "spelt", "is_told"),
    [
        ("sessions --fail orphans --yes", "sessions orphans --fail --yes", True),
        ("flags --format env export", "flags export --format env", True),
        ("sessions --json status", "sessions status --json", False),
        ("-C web sessions --limit 5 refunds", "-C web sessions refunds --limit 5", True),
        ("sessions orphans --fail", "sessions orphans --fail", False),
        ("scaffold sessions --label status", "sessions scaffold --label status", True),
        ("scaffold --label status sessions", "sessions scaffold --label status", True),
        ("--json history", "--json operations list", True),
        ("-C show resume --revert", "-C show operations resume --revert", True),
        ("operations --json list", "operations list --json", False),
        ("explain history", "explain history", False),
        ("run sessions status", "run sessions status", False),
        ("", "", False),
    ],
)
def test_an_old_spelling_of_a_mode_goes_on_with_a_word(
    capsys: pytest.CaptureFixture[str], words: str, spelt: str, is_told: bool
) -> None:
    assert respelt(words.split()) == spelt.split()
    assert ("is spelt" in capsys.readouterr().err) is is_told


@pytest.mark.parametrize(
    "words",
    [
        *(("sessions", verb) for verb in ("orphans", "status", "scaffold")),
        *(("flags", verb) for verb in ("export", "push")),
        *(("operations", verb) for verb in ("list", "show", "apply", "resume", "abandon")),
    ],
)
def test_a_command_of_a_command_explains_itself(
    cronshift: Cronshift, words: tuple[str, str]
) -> None:
    said = cronshift(*words, "--help")
    assert said.code == 0
    assert f"cronshift {' '.join(words)}" in said.out.partition("Examples:")[2]
