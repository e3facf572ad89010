"""Wrappers that the work of several jobs shares: where each stands without HTTP, and who else calls it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from cronshift.operations import ChangeKind, Edit
from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.javascript.handler import names_in
from cronshift.targets.direct.javascript.shared_wrappers import shared_wrapper
from cronshift.targets.typescript.retiring import importers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.typescript.own_modules import OwnModule

WrapperName = tuple[str, str]
"""The file of a wrapper, and its name there."""


_WHOLE = lazy_pattern(
    r"""(?:\bimport\s*\*\s*as\s+[\w$]+\s+from|\brequire\s*\(|\bimport\s*\()\s*["']([^"'\n]+)["']"""
)
"""What may take a name out of a module without saying it as one."""


def by_wrapper(written: Sequence[OwnModule]) -> Mapping[WrapperName, list[OwnModule]]:
    """Return the own modules whose work a wrapper hears of, by that."""
    modules: defaultdict[WrapperName, list[OwnModule]] = defaultdict(list)
    for each in written:
        if each.wrapper is not None:
            modules[each.wrapper.use.file, each.wrapper.use.name].append(each)
    return modules


def called_elsewhere(
    tree: SourceTree, modules: Mapping[WrapperName, Sequence[OwnModule]]
) -> set[WrapperName]:
    """Return the wrappers that something else than the routes of these modules speaks of."""
    return {
        wrapper
        for wrapper, together in modules.items()
        if any(file not in _left(together, wrapper) for file in _speaking(tree, *wrapper))
    }


def _left(modules: Sequence[OwnModule], wrapper: WrapperName) -> set[str]:
    """Return the files of routes that speak of a wrapper no more, or are gone."""
    spoken = _word(wrapper[1])
    return {
        each.old
        for each in modules
        if each.route is None or each.old == each.file or not spoken.search(each.route)
    }


def _speaking(tree: SourceTree, file: str, name: str) -> Iterator[str]:
    """Yield the files that speak of a wrapper: its own beside it, and those that it is imported by, however far."""
    modules, seen, left = {file}, {file}, [file]
    if _count(tree, file, name) > 1:
        yield file
    while left:
        for _, importer, _ in importers(tree, {left.pop()}):
            text = tree.read(importer)
            if importer in seen:
                continue
            seen.add(importer)
            if re.search(rf"export\s*(?:\*|\{{[^}}]*\b{re.escape(name)}\b[^}}]*\}})\s*from", text):
                left.append(importer)
                modules.add(importer)
            elif _count(tree, importer, name) or any(
                tree.imported(importer, specifier) in modules for specifier in _WHOLE.findall(text)
            ):
                yield importer


def _count(tree: SourceTree, file: str, name: str) -> int:
    """Return the number of times that a module's code speaks of a name."""
    root = tree.parsed(file)
    return sum(node.text() == name for node in names_in(root)) if root is not None else 1


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")


def wrapper_edits(tree: SourceTree, written: Sequence[OwnModule]) -> Iterator[Edit]:
    """Yield the edits of the modules of wrappers, each once."""
    texts: dict[str, str] = {}
    for (file, _), modules in by_wrapper(written).items():
        if modules[0].wrapper is not None:
            use = modules[0].wrapper.use
            texts[file] = shared_wrapper(tree, use).text
            tree = tree.with_text(file, texts[file])
    for file, text in texts.items():
        yield Edit(file, text.encode(), ChangeKind.WRITE, f"{file}: without HTTP, as its routes")


def differing(modules: Sequence[OwnModule]) -> bool:
    """Return whether a wrapper would be another for each of some modules."""
    return len({each.wrapper.text for each in modules if each.wrapper is not None}) > 1
