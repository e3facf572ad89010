"""A hook of MkDocs: the repository's files that pages link to become pages of the site."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((?P<target>(?:\.\./)+[^)#\s]+)\)")
OUTSIDE = "../"


def outside(text: str, page: str) -> Iterator[tuple[str, str]]:
    """Yield the links of a page that leave ``docs``: as they are written, and the repository's path."""
    for match in LINK.finditer(text):
        path = normpath(f"{PurePosixPath(page).parent}/{match['target']}")
        if path.startswith(OUTSIDE):
            yield match["target"], path.removeprefix(OUTSIDE)


def source_page(path: str) -> str:
    """Return the site's page of a file, or of all files of a folder."""
    place = ROOT / path
    if place.suffix == ".md":
        return re.sub(r"\[([^]]+)\]\((?!https?:)[^)]+\)", r"\1", place.read_text())
    files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if shown(file))
    parts = [f"# {path}\n"]
    for file in files:
        title = file.relative_to(ROOT).as_posix()
        parts.append(f"`{title}`\n\n````{file.suffix[1:]}\n{file.read_text().rstrip()}\n````\n")
    return "\n".join(parts)


def shown(file: Path) -> bool:
    """Whether a file of a folder is one of its sources."""
    return file.is_file() and not {"node_modules", "__pycache__", ".next"} & set(file.parts)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each of the repository's files that a page links to."""
    from mkdocs.structure.files import File

    paths = {
        path
        for file in files.documentation_pages()
        for _, path in outside(file.content_string, file.src_uri)
    }
    for path in sorted(paths):
        page = File.generated(config, f"source/{path}.md", content=source_page(path))
        files.append(page)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs passes them by name
    """Return a page with its links out of ``docs`` leading to those pages."""
    here = page.file.src_uri
    for target, path in outside(markdown, here):
        address = relpath(f"source/{path}.md", str(PurePosixPath(here).parent))
        markdown = markdown.replace(f"]({target})", f"]({address})")
    return markdown
