"""The documentation that the package carries: whole pages, and what they say of an error or a fact."""

from __future__ import annotations

import re
from pathlib import Path

from cronshift.errors import Reason
from cronshift.runtime.regular_files import read_text

_PACKAGE = Path(__file__).parents[1]
_MESSAGES = "troubleshooting"


def pages() -> dict[str, Path]:
    """Return the pages by their names; a checkout has them beside its sources.

    Of two with one name that of the outer folder counts; the other goes by its folder, too.
    """
    folders = (_PACKAGE / "docs", _PACKAGE.parents[1] / "docs")
    folder = next((folder for folder in folders if (folder / "index.md").is_file()), None)
    if folder is None:
        return {}
    written = [page for page in folder.rglob("*.md") if page.parent.name != "findings"]
    inner_first = sorted(written, key=lambda page: (-len(page.parts), page))
    whole = {page.relative_to(folder).with_suffix("").as_posix(): page for page in written}
    return {page.stem: page for page in inner_first} | whole


def passage(name: str) -> str | None:
    """Return the documentation of a reason, of a fact by its code or name, or the page of that name."""
    texts = pages()
    if name.lower() in texts:
        return read_text(texts[name.lower()])
    if _MESSAGES not in texts:
        return None
    messages = read_text(texts[_MESSAGES])
    if name.lower() in set(Reason):
        section = re.search(
            rf"^## {re.escape(name.lower())}\n.*?(?=^## |\Z)", messages, re.MULTILINE | re.DOTALL
        )
        return section[0].rstrip() + "\n" if section else None
    return _fact(messages, name)


def _fact(messages: str, name: str) -> str | None:
    for line in messages.splitlines():
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if len(cells) == 4 and name.lower() in {cells[0].lower(), cells[1]}:  # noqa: PLR2004 - columns
            return f"{cells[0]} {cells[1]}\n\n{cells[2]}\n"
    return None
