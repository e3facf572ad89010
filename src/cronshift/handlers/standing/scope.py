"""What names mean in JavaScript: of a function, of its module, or imported from another."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cronshift.handlers.javascript import FUNCTIONS, exports, imports
from cronshift.handlers.literals import UNKNOWN, text_of
from cronshift.handlers.standing.things import Call, Closure, Packaged, Thing, member
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

DEEPEST = 14  # calls within calls
_GLOBALS = {"process": Thing.PROCESS, "undefined": None}
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an expression stands: its file, the names of its function, and how deep it may go."""

    file: str
    names: dict[str, Any] = field(default_factory=dict)
    depth: int = DEEPEST

    @property
    def deeper(self) -> Frame:
        """The frame of what it calls or holds."""
        return replace(self, depth=self.depth - 1)

    @property
    def copied(self) -> Frame:
        """The frame of one of several ways on."""
        return replace(self, names=dict(self.names))


class Scope:
    """The names of a project's modules, worked out once.

    Args:
        tree: the project's files.
        call: what is called.
    """

    def __init__(self, tree: SourceTree, call: Call) -> None:
        self.tree = tree
        self.call = call
        self._modules: dict[str, dict[str, Any]] = {}

    def value(self, node: SgNode | None, frame: Frame) -> Any:
        """Return what an expression gives."""
        raise NotImplementedError

    def exported(self, file: str, name: str, depth: int = DEEPEST) -> Any:
        """Return the value of what a module exports."""
        root = self.tree.parsed(file)
        if root is None or depth <= 0:
            return UNKNOWN
        known = exports(root)
        export = known.get(name)
        if export is None:
            star = known.get("*")
            target = self.tree.imported(file, star.source) if star and star.source else None
            return self.exported(target, name, depth - 1) if target else UNKNOWN
        own = export.imported or name
        if export.source is not None:
            return self.imported(file, export.source, own, export.line, depth - 1)
        is_called = export.node is not None and export.node.kind() == "call_expression"
        if export.node is None or (is_called and name != "default"):
            return self.named(own, Frame(file, depth=depth - 1))  # it may be a part of what is made
        return self.value(export.node, Frame(file, depth=depth - 1))

    def named(self, name: str, frame: Frame) -> Any:
        """Return what a name means in a frame."""
        if name in frame.names:
            return frame.names[name]
        held = self._modules.setdefault(frame.file, {})
        if name not in held:
            held[name] = UNKNOWN  # while it is worked out: it may mean itself
            held[name] = self._of_module(name, frame.file, frame.depth)
        return held[name]

    def imported(self, file: str, source: str, name: str, line: int, depth: int) -> Any:
        """Return what a module takes from another, of the project or of a package."""
        target = self.tree.imported(file, source)
        if target is None:
            return Packaged(source, name, Location(file, line))
        if name == "*":
            root = self.tree.parsed(target)
            return {one: self.exported(target, one, depth) for one in exports(root)} if root else {}
        return self.exported(target, name, depth)

    def required(self, source: str, line: int, frame: Frame) -> Any:
        """Return what ``require`` gives: the default export, else all of them."""
        target = self.tree.imported(frame.file, source)
        root = self.tree.parsed(target) if target else None
        name = "default" if root is None or "default" in exports(root) else "*"
        return self.imported(frame.file, source, name, line, frame.depth - 1)

    def bind(self, pattern: SgNode, value: Any, frame: Frame) -> None:
        """Bind the names of a parameter, or of what stands left of an equals sign."""
        kind = pattern.kind()
        if kind == "identifier":
            frame.names[pattern.text()] = value
        elif kind in {"required_parameter", "optional_parameter", "assignment_pattern"}:
            inner = pattern.field("pattern") or pattern.field("left")
            default = pattern.field("value") or pattern.field("right")
            if inner is not None:
                own = self.value(default, frame.deeper) if value is None and default else value
                self.bind(inner, own, frame)
        elif kind == "object_pattern":
            for part in pattern.children():
                self._bind_member(part, value, frame)
        elif kind == "array_pattern":
            for number, part in enumerate(one for one in pattern.children() if one.is_named()):
                is_known = isinstance(value, list) and number < len(value)
                self.bind(part, value[number] if is_known else UNKNOWN, frame)

    def _bind_member(self, part: SgNode, value: Any, frame: Frame) -> None:
        key, bound, left = part.field("key"), part.field("value"), part.field("left")
        if part.kind() == "shorthand_property_identifier_pattern":
            frame.names[part.text()] = member(value, part.text(), self.call)
        elif part.kind() == "pair_pattern" and key is not None and bound is not None:
            self.bind(bound, member(value, text_of(key), self.call), frame)
        elif part.kind() == "object_assignment_pattern" and left is not None:
            frame.names[left.text()] = member(value, left.text(), self.call)
        elif part.kind() == "rest_pattern":
            frame.names[part.text().removeprefix("...").strip()] = value

    def _of_module(self, name: str, file: str, depth: int) -> Any:
        root = self.tree.parsed(file)
        if root is None or depth <= 0:
            return UNKNOWN
        for node in root.children():
            declared = (
                node.field("declaration") if node.kind() == "export_statement" else None
            ) or node
            held = self._declared(declared, name, Frame(file, depth=depth - 1))
            if held is not _ABSENT:
                return held
        source = imports(root).get(name)
        if source is None:
            return _GLOBALS.get(name, UNKNOWN)
        return self.imported(file, *source, 1, depth - 1)

    def _declared(self, declared: SgNode, name: str, frame: Frame) -> Any:
        """Return what a statement of a module gives a name, if it declares it."""
        own = declared.field("name")
        if declared.kind() in FUNCTIONS and own is not None and own.text() == name:
            return Closure(frame.file, declared)
        for bound, value in declarators(declared):
            if value is not None and name in _bound(bound):
                self.bind(bound, self.value(value, frame), frame)
                return frame.names.get(name, UNKNOWN)
        return _ABSENT


def declarators(node: SgNode) -> Iterator[tuple[SgNode, SgNode | None]]:
    """Yield what a declaration binds, each with its value."""
    if node.kind() in {"lexical_declaration", "variable_declaration"}:
        for declarator in node.children():
            bound = declarator.field("name")
            if bound is not None:
                yield bound, declarator.field("value")


def _bound(pattern: SgNode) -> set[str]:
    """Return the names that a declarator binds."""
    if pattern.kind() == "identifier":
        return {pattern.text()}
    kinds = ("identifier", "shorthand_property_identifier_pattern")
    found = pattern.find_all({"rule": {"any": [{"kind": kind} for kind in kinds]}})
    return {one.text() for one in found}
