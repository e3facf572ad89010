"""One word for one thing: what headings speak of, and what the code has classes for, is in the glossary."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.integration.documented import FENCE, PAGES, ROOT

import cronshift

HOUSE = Path(cronshift.__file__).parent
CONCEPTS = ("model.py", "operations/model.py", "runtime/ownership.py", "runtime/ledger.py", "readiness/fact.py", "plan/findings/rule.py")  # fmt: skip
MADE = {"commands.md", "documents.md", "settings.md", "troubleshooting.md"}  # from the code
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/glossary.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| term")
]
TERMS = [row[0] for row in ROWS]
# Of class names: words that mean what they mean everywhere.
PLAIN = {
    "kind", "limit", "location", "mode", "options", "origin", "problem", "rate", "record", "rule",
    "role", "settings", "severity", "source", "state", "served", "by", "out", "own", "fan", "status",
    "knowledge", "intent", "library", "missed", "overlap", "row", "throttle", "ownership",
}  # fmt: skip


def headings() -> set[str]:
    """Return the words of all headings that a person wrote, in the singular."""
    words: set[str] = set()
    for page in PAGES:
        if page.name not in MADE and page.parent.name != "findings":
            text = FENCE.sub("", page.read_text())
            for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
                words |= {singular(word) for word in re.findall(r"[a-z][a-z-]+", title.lower())}
    return words


def singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def concepts() -> set[str]:
    """Return the words in the names of the classes that the house is about."""
    names = [
        node.name
        for file in CONCEPTS
        for node in ast.walk(ast.parse((HOUSE / file).read_text()))
        if isinstance(node, ast.ClassDef)
    ]
    return {word.lower() for name in names for word in re.findall(r"[A-Z][a-z]+", name)}


def test_a_concept_of_the_code_that_is_a_heading_is_in_the_glossary() -> None:
    known = {word for term in TERMS for word in (term, *term.split(), *term.split("-"))}
    assert {"job", "tick", "finding"} <= headings() & concepts()
    assert (headings() & concepts()) - known - PLAIN == set()


def test_no_heading_calls_a_thing_otherwise() -> None:
    others = {word for row in ROWS for word in row[2].split(", ") if word and word not in TERMS}
    assert "cron job" in others
    assert headings() & others == set()


def test_the_glossary_is_in_order_and_says_each_term_once() -> None:
    assert sorted(set(TERMS)) == TERMS
    assert all(len(row) == 3 and row[1] for row in ROWS)


def test_every_term_is_one_that_the_documentation_uses() -> None:
    texts = " ".join(page.read_text().lower() for page in PAGES if page.name != "glossary.md")
    assert [term for term in TERMS if term not in texts] == []
