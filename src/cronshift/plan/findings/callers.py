"""Callers of a route beside Vercel's cron: code, scripts, workflows, databases, compose and chart files.

Prose calls nothing, and neither does a list of paths that a middleware lets by.
"""

from __future__ import annotations

import os
import re
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.regular_files import is_regular, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cronshift.plan.findings.subject import ProjectSubject

_CODE = {".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".py", ".go", ".rb", ".php", ".rs"}
_SHELL = {".sh", ".bash", ".zsh", ".ps1", ".http", ".rest", ".bat"}
_DATA = {".yml", ".yaml", ".tf", ".tpl", ".toml", ".sql"}
_KINDS = _CODE | _SHELL | _DATA
_NAMES = {
    "Makefile", "justfile", "package.json", "Procfile", "crontab", "Dockerfile", "railway.json",
    "wrangler.json", "wrangler.jsonc", "cron.json",
}  # fmt: skip
_TESTS = lazy_pattern(
    r"(^|/)(__tests__|tests?|e2e|__mocks__|fixtures|docs?)/|\.(test|spec|stories)\.|_test\."
)
_CALLS = lazy_pattern(
    r"\b(fetch|axios|got|ky|request|requests|httpx?|urllib|urlopen|curl|wget|publish(?:JSON)?|qstash|"
    r"enqueue|url|uri|endpoint|destination|inject)\b|https?://|\$fetch",
    re.IGNORECASE,
)
_SENDS = lazy_pattern(
    r"\b(?:fetch|axios|got|ky|requests?|httpx?|urllib|urlopen|publish\w*|enqueue|inject)\s*[.(]|\b(?:curl|wget|qstash)\b",
    re.IGNORECASE,
)
"""What sends: in code that does not, an address is only named."""
_REACHES = lazy_pattern(r"\bcurl\b|\bwget\b|https?://|\buses:|\burl\b|\bhttp", re.IGNORECASE)
_NAMING = lazy_pattern(r"^\s*-?\s*(?:name|description|title|summary)\s*:")
_NOTES = ("//", "#", "*", "/*", "--", "<!--", '"""', "'''")
_COMPARED = lazy_pattern(
    r"(?:[=!]==?|\b(?:starts_?with|ends_?with|includes|match(?:es|er)?|test|has|in)\b\s*[(:\[]?)\s*[frb]?[\"'`]?$",
    re.IGNORECASE,
)
"""What stands before a path that another is compared with."""
_PRINTED = lazy_pattern(r"\bconsole\.\w+\(|\bprint\(|[\"']path[\"']\s*:\s*[\"']?$")
"""What is only said: a hint for people, an entry of a configuration that a script writes."""
_PROSE = lazy_pattern(r"/\*[\s\S]*?\*/|^[ \t]*[rR]?(\"{3}|'{3})[\s\S]*?\1", re.MULTILINE)
"""Comments of several lines, and texts that stand for themselves, as docstrings do."""
_SPECS = ("openapi", "swagger")
_ABOVE = ("Makefile", "justfile", "package.json", "Procfile", "crontab")
_FOLDERS_ABOVE = (".github/workflows", "scripts", "deploy", "k8s", "charts", "infra", "")
_HIGHEST = 6  # folders above
_MOST_ABOVE = 300  # files
_LARGEST = 500_000  # bytes


def callers(project: ProjectSubject, paths: Iterable[str]) -> Iterator[tuple[str, Location, str]]:
    """Yield the file, the place and the path of each call; one for a path and a file."""
    named = sorted(map(re.escape, paths), key=len, reverse=True)
    if not named:
        return
    spoken = re.compile(rf"({'|'.join(named)})(?![\w/.-])")
    handlers = project.called
    files = filter(_may_call, sorted(project.tree.files - handlers))
    inside = ((file, project.tree.read(file)) for file in files)
    above = ((file, text) for file, text in _above(project) if _may_call(file))
    for file, text in chain(inside, above):
        if not spoken.search(text):
            continue
        seen = set()
        is_code = os.path.splitext(file)[1] in _CODE  # noqa: PTH122 - a thousand times
        spoken_text = _PROSE.sub(_blank, text) if is_code else text
        for number, line in enumerate(spoken_text.splitlines(), 1):
            for match in spoken.finditer(line):
                if match[1] not in seen and _is_call(file, spoken_text, line, match.start()):
                    seen.add(match[1])
                    yield file, Location(file, number, match.start() + 1), match[1]


def _blank(match: re.Match[str]) -> str:
    """Return the ends of the lines of what is matched."""
    return "\n" * match[0].count("\n")


def _may_call(file: str) -> bool:
    name = file.rpartition("/")[2]
    is_kind = os.path.splitext(name)[1] in _KINDS or name in _NAMES  # noqa: PTH122 - a thousand times
    return is_kind and not _TESTS.search(file) and not any(map(file.lower().__contains__, _SPECS))


def _is_call(file: str, text: str, line: str, at: int) -> bool:
    """Return whether the text that names a path there calls it."""
    before = line[:at]
    if (
        line.lstrip().startswith(_NOTES)
        or _NAMING.match(line)
        or _PRINTED.search(before)
        or re.search(r"(?:^|\s)(?://|#)\s", before)
    ):
        return False
    place = PurePosixPath(file)
    if place.suffix == ".sql" and before.endswith(" "):
        return False  # a comment on a table names it in a sentence
    if place.suffix in _CODE:
        is_called = _CALLS.search(before) is not None and _COMPARED.search(before) is None
        return is_called and ("://" in before or _SENDS.search(text) is not None)
    return place.suffix in _SHELL or _REACHES.search(text) is not None


def _above(project: ProjectSubject) -> Iterator[tuple[str, str]]:
    """Yield workflows, scripts and compose files above the root, up to the repository's."""
    inner, up, count = project.tree.root.resolve(), "..", 0
    for above in inner.parents[:_HIGHEST]:
        if (inner / ".git").exists() or not _in_repository(above):
            return
        for folder in _FOLDERS_ABOVE:
            place = above / folder
            files = sorted(place.iterdir()) if place.is_dir() else ()
            for file in files:
                is_kind = file.suffix in _SHELL | _DATA or file.name in _ABOVE
                if count > _MOST_ABOVE or not (
                    is_kind or (folder == "scripts" and file.suffix in _CODE)
                ):
                    continue
                if is_regular(file) and not file.is_symlink() and file.stat().st_size <= _LARGEST:
                    count += 1
                    text = read_text(file, _LARGEST)
                    yield f"{up}/{file.relative_to(above).as_posix()}", text
        inner, up = above, f"{up}/.."


def _in_repository(folder: Path) -> bool:
    """Return whether a folder belongs to a repository, so that its files are the project's."""
    return any((parent / ".git").exists() for parent in (folder, *folder.parents[:_HIGHEST]))
