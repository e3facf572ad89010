"""What an app is called: the same in every checkout, and never by its folder."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from cronshift.project.app_name import app_name, generated_id

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = ["/api/a 0 3 * * *", "/api/b 0 4 * * *"]


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("package.json", '{"name": "@acme/webShop"}', "acme-web-shop"),
        ("pyproject.toml", '[project]\nname = "Acme_Jobs"\n', "acme-jobs"),
        ("pyproject.toml", '[tool.poetry]\nname = "acme"\n', "acme"),
        (".vercel/project.json", '{"projectName": "acme-prod"}', "acme-prod"),
    ],
)
def test_a_manifest_names_the_app(tmp_path: Path, file: str, text: str, name: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert app_name(tmp_path, ENTRIES) == name


@pytest.mark.parametrize(
    "url", ["git@host.example:acme/shop.git", "https://host.example/acme/shop"]
)
def test_the_git_remote_names_it_with_the_folder_inside(tmp_path: Path, url: str) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", url], check=True)
    (tmp_path / "apps" / "web").mkdir(parents=True)
    assert app_name(tmp_path, ENTRIES) == "shop"
    assert app_name(tmp_path / "apps" / "web", ENTRIES) == "shop-apps-web"


def test_without_a_name_it_is_the_same_wherever_it_lies(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    second.mkdir()
    name = app_name(first, ENTRIES)
    assert name == app_name(second, ENTRIES[::-1])
    assert name.startswith("app-")
    assert "one" not in name


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("client.py", 'import inngest\n\nclient = inngest.Inngest(app_id="shop")\n'),
        ("client.ts", 'import { Inngest } from "inngest";\n\nexport const inngest = new Inngest({ id: "shop" });\n'),
    ],
)  # fmt: skip
def test_what_is_generated_already_has_its_id(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / "jobs").mkdir()
    assert generated_id(tmp_path, "jobs") is None
    (tmp_path / "jobs" / file).write_text(text)
    found = generated_id(tmp_path, "jobs")
    assert found is not None
    assert (found.app_id, str(found.place)) == ("shop", f"jobs/{file}:3")
