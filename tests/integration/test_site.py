"""The site of the documentation: every page has its place, every link and anchor leads somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.integration.documented import FENCE, PAGES, ROOT, page_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = ROOT / "docs"
SITE = ROOT / "mkdocs.yml"
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


class Loader(yaml.SafeLoader):
    """YAML with the tags that name Python's objects, which are read over."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def settings() -> Any:
    return yaml.load(SITE.read_text(), Loader)  # noqa: S506 - it is a safe loader


def navigation(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    for below in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from navigation(below)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them."""
    text = FENCE.sub("", page.read_text())
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    plain = [re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", title).lower() for title in titles]
    return {re.sub(r"[^\w\- ]", "", title).strip().replace(" ", "-") for title in plain}


def test_every_page_has_its_place_in_the_navigation() -> None:
    named = list(navigation(settings()["nav"]))
    beside = settings()["not_in_nav"].split()
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert sorted(named) == sorted({page for page in pages if not page.startswith(tuple(beside))})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_and_anchor_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(FENCE.sub("", page.read_text())):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(file), f"{target}#{anchor}"


def test_a_link_that_leaves_the_pages_has_a_page_of_its_own() -> None:
    hook = page_script("linked_sources")
    paths = {
        path
        for page in DOCS.rglob("*.md")
        for _, path in hook.outside(page.read_text(), page.relative_to(DOCS).as_posix())
    }
    assert {"SECURITY.md", "action.yml", "examples/nextjs"} <= paths
    for path in paths:
        assert hook.source_page(path).startswith("# "), path
    assert "app/layout.tsx" in hook.source_page("examples/nextjs")


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="the group `docs` is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr
    for page in DOCS.rglob("*.md"):
        address = page.relative_to(DOCS).with_suffix("").as_posix().removesuffix("index")
        assert (tmp_path / "site" / address / "index.html").is_file(), address
    text = (tmp_path / "site" / "index.html").read_text()
    assert not re.search(r'(src|href)="https?://(fonts|cdn)', text), (
        "nothing is asked of another host"
    )
