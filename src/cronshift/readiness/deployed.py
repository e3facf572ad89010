"""The way of generated files to a deployment: git has them, or will take them."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

from cronshift.project.conventions.sources import is_generated
from cronshift.project.history import ignored, in_repository
from cronshift.readiness.kinds import DEPLOYED
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.runtime.ownership import OWNERSHIP_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

_ITSELF = "."
_NAMED = lazy_pattern("cronshift|inngest")
"""What the path of every generated file says."""


def deployed(subject: Subject) -> Iterator[Fact]:
    """Yield whether git ignores a file that the move has written; nothing outside of a repository.

    A project that is ignored as a whole is deployed from another place than the repository around it.
    """
    tree = subject.tree
    if not in_repository(tree.root):
        return
    needed = {OWNERSHIP_NAME, *(job.module for job in subject.jobs)}
    likely = [file for file in tree.files if file in needed or _NAMED.search(file)]
    away = ignored(tree.root, [_ITSELF, *sorted(likely)])
    if away is None:
        text = "Whether git ignores what was generated is not known: git check-ignore fails here."
        yield subject.unknown(DEPLOYED, text, "git check-ignore", "git status")
        return
    if not (tree.root / ".git").exists() and any(each.path == _ITSELF for each in away):
        return
    files = [each for each in away if each.path in needed or is_generated(tree, each.path)]
    if files:
        by_pattern = defaultdict[str, list[str]](list)
        for each in files:
            by_pattern[each.pattern].append(each.path)
        places = [os.path.commonpath(paths) or "." for paths in by_pattern.values()]
        text = f"git ignores {' and '.join(places)}, so no deployment would have what is there."
        patterns = " and ".join(f"`{pattern}`" for pattern in by_pattern)
        remedy = f"git add --force {' '.join(places)}, or take {patterns} out of what git ignores"
        yield subject.bad(DEPLOYED, text, files[0].place, remedy)
    else:
        text = "git ignores nothing that was generated."
        yield subject.good(DEPLOYED, text, "git check-ignore")
