"""The documentation says what the program does, to the word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.integration.documented import page_script

from cronshift.errors import Reason
from cronshift.readiness.doctor.kinds import KINDS as ASKED
from cronshift.readiness.kinds import KINDS
from cronshift.runtime.ownership import parse_ownership

ROOT = Path(__file__).parents[2]


def normal(text: str) -> str:
    """Return text without what differs from day to day: numbers, wrapping, months."""
    text = re.sub(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "ULID", text)
    text = re.sub(r"[0-9][0-9,.:TZ-]*", "#", text)
    text = re.sub(r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b", "@", text)
    return " ".join(re.sub(r"[│├└─\s]+", " ", text).split())


@pytest.mark.parametrize("name", page_script("tour").TOURS)
def test_a_tour_prints_what_its_page_shows(name: str) -> None:
    module = page_script("tour")
    page = (ROOT / name).read_text()
    assert normal(module.tour(page, module.TOURS[name])) == normal(page)


@pytest.mark.node
def test_a_tutorial_prints_with_node_what_its_page_shows(node_packages: Path) -> None:
    module = page_script("tour")
    page = (ROOT / "docs/tutorials/nextjs.md").read_text()
    assert "<!-- tested with node -->" in page
    printed = module.tour(page, "nextjs", node_packages / "node_modules")
    assert normal(printed) == normal(page)


def test_the_picture_of_status_is_what_it_prints_and_is_light() -> None:
    module = page_script("picture")
    picture = module.PICTURE.read_text()
    drawn, fresh = (
        re.sub("✓+", "✓", re.sub(r"\s+(?=✓)", "", normal(module.shown(svg))))
        for svg in (picture, module.picture())
    )
    assert fresh == drawn
    assert len(picture) < 60_000
    assert re.findall(r"https?://[^\"\s<]+", picture.replace("http://www.w3.org/2000/svg", "")) == [
        "https://www.textualize.io"
    ]


def test_the_reference_is_what_the_program_tells() -> None:
    pages = page_script("reference").pages()
    written = {
        str(file.relative_to(ROOT / "docs")) for file in (ROOT / "docs" / "findings").glob("*.md")
    }
    assert written <= set(pages), "a page without its rule"
    for page, text in pages.items():
        assert (ROOT / "docs" / page).read_text() == text, f"{page}: make docs"


def test_nothing_names_a_registry_or_a_machine() -> None:
    forbidden = re.compile(r"registry\.npmjs|pypi\.org/simple|files\.pythonhosted|\"resolved\"")
    for file in ("requirements.lock", "tests/node/package-lock.json", "pyproject.toml", "Makefile"):
        assert not forbidden.search((ROOT / file).read_text()), file


def test_the_share_of_a_flow_is_written_as_the_file_is_read() -> None:
    page = (ROOT / "docs" / "nextjs-sessions.md").read_text()
    shown = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert shown
    assert parse_ownership(shown[1]).flows["prediction-session"][0].percent == 10


def test_every_promise_names_a_test_that_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "SECURITY.md").read_text()))
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert named - there == set()


MOST_ROOMS = 20  # what a reader can hold in mind, modules included


def test_the_map_has_every_room() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    house = ROOT / "src/cronshift"
    rooms = [file.parent.name for file in house.glob("*/__init__.py")]
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [room for room in rooms if not any(f"`{room}/`" in row for row in rows)] == []
    assert len(rooms) + len(list(house.glob("*.py"))) <= MOST_ROOMS


def test_every_reason_and_every_fact_has_its_place_in_troubleshooting() -> None:
    page = (ROOT / "docs/troubleshooting.md").read_text()
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert set(Reason) <= set(sections)
    silent = [
        reason
        for reason in Reason
        if "**What to do.**" not in sections[reason] and "→" not in sections[reason]
    ]
    assert silent == []
    assert {kind.code for kind in (*KINDS, *ASKED)} <= set(re.findall(r"\| (R\d{3}) \|", page))


def test_a_reason_without_a_remedy_keeps_the_page_from_being_made() -> None:
    module = page_script("reference_messages")
    place = module.Raised(Reason.LOCKED, "Another one runs.", "")
    with pytest.raises(ValueError, match=r"remedies\.toml"):
        list(module._reason_rows([place], None))
    assert list(module._reason_rows([place], "Wait."))[-1] == "\n**What to do.** Wait."


def test_a_variable_that_nothing_is_written_about_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = page_script("reference_variables")
    assert "Next.js" in module.variables()["CRONSHIFT_OWNERSHIP"]
    monkeypatch.setattr(module, "variables", lambda: {"CRONSHIFT_NEW": {"command"}})
    with pytest.raises(ValueError, match="CRONSHIFT_NEW"):
        list(module.variables_page())


def test_every_key_of_the_settings_is_explained() -> None:
    """The keys are listed from the schema; what each means stands in a page that a person wrote."""
    written = "".join(
        (ROOT / "docs" / name).read_text()
        for name in ("configuration.md", "operating.md", "sessions.md", "watching.md")
    )
    keys = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    assert len(keys) > 80
    assert sorted(key for key in keys if not re.search(rf"\b{key}\b", written)) == []
