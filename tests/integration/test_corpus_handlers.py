"""Every entry of the corpus, resolved to the file that answers it, from the paths of its tree."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.handlers import Resolver, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the project")


def truth() -> dict[str, list[dict[str, Any]]]:
    cases: dict[str, list[dict[str, Any]]] = {}
    for line in (CORPUS / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        cases.setdefault(entry["case"], []).append(entry)
    return cases


def rebuilt(case: str, root: Path) -> Resolver | None:
    """Return the resolver of a case whose files are all empty; nothing where Vercel reads none."""
    for name in (CORPUS / "cases" / case / "files.txt").read_text().splitlines():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    try:
        document = json.loads((CORPUS / "cases" / case / "vercel.json").read_text())
    except ValueError:
        return None  # comments: Vercel refuses such a file
    return Resolver(root, document)


def test_every_entry_ends_at_the_file_that_answers_it(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    right: Counter[str] = Counter()
    told: Counter[str] = Counter()
    wrong, dead = [], []
    for number, (case, entries) in enumerate(truth().items()):
        resolver = rebuilt(case, tmp_path / str(number))
        for entry in entries if resolver else ():
            assert resolver is not None
            told[entry["framework"]] += 1
            found = resolver.resolve(entry["path"])
            file = found.handler.file if found.handler else None
            # A route that code declares lies inside the file that Vercel deploys: `entry_path`.
            known = {entry["handler_path"], entry["entry_path"]}
            if entry["handler_path"] is None:
                dead.append((entry["path"], found.nearest))
                is_right = found.verdict is Verdict.DEAD
            else:
                is_right = file is not None and file in known
            right[entry["framework"]] += is_right
            if not is_right:
                wrong.append((case, entry["path"], entry["handler_path"], file))
    scores = ", ".join(f"{name} {right[name]}/{told[name]}" for name in told)
    record_property("figures", f"corpus: {scores}")
    assert wrong == []
    assert right.total() >= 100
    assert dead
    assert any(nearest for _, nearest in dead), dead
