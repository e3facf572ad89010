"""What expressions of JavaScript give for one call; ``UNKNOWN`` for what only running them tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cronshift.handlers import patterns
from cronshift.handlers.javascript import FUNCTIONS, arguments, line_of
from cronshift.handlers.literals import UNKNOWN, literal, text_of
from cronshift.handlers.standing import packages
from cronshift.handlers.standing.answers import Answer, LetsBy, Stops, Untold
from cronshift.handlers.standing.scope import Frame, Scope
from cronshift.handlers.standing.things import (
    Closure,
    EndedError,
    Native,
    Packaged,
    Several,
    Thing,
    any_of,
    asked,
    equal,
    member,
    texted,
    truth,
)
from cronshift.model import Location

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ast_grep_py import SgNode

    from cronshift.handlers.standing.things import Call
    from cronshift.handlers.tree import SourceTree

_LONGEST_LIST = 60
_WRAPPING = {
    "parenthesized_expression",
    "as_expression",
    "satisfies_expression",
    "non_null_expression",
    "await_expression",
    "type_assertion",
}
_RESPONSES = {"NextResponse", "Response"}
_ENDED = object()


class Expressions(Scope):
    """The values of expressions."""

    def __init__(self, tree: SourceTree, call: Call) -> None:
        super().__init__(tree, call)
        self.ended: list[Answer] = []
        self._ways: dict[str, Callable[[SgNode, Frame], Any]] = {
            "identifier": lambda node, frame: self.named(node.text(), frame),
            "shorthand_property_identifier": lambda node, frame: self.named(node.text(), frame),
            "undefined": lambda _node, _frame: None,
            "member_expression": self._member,
            "subscript_expression": self._subscript,
            "call_expression": self._call,
            "new_expression": self._new,
            "array": self._array,
            "object": self._object,
            "template_string": self._template,
            "regex": lambda node, _frame: _regex(node),
            "unary_expression": self._unary,
            "binary_expression": self._binary,
            "ternary_expression": self._ternary,
            "assignment_expression": self._assign,
            **dict.fromkeys(_WRAPPING, lambda node, frame: self.value(named(node)[0], frame)),
            **dict.fromkeys(FUNCTIONS, lambda node, frame: Closure(frame.file, node, frame.names)),
        }

    def value(self, node: SgNode | None, frame: Frame) -> Any:
        """Return what an expression gives.

        Raises:
            EndedError: where the call is answered inside it.
        """
        if node is None or frame.depth <= 0:
            return UNKNOWN
        way = self._ways.get(node.kind())
        return literal(node) if way is None else way(node, frame)

    def given(self, node: SgNode, frame: Frame) -> list[Any]:
        """Return what a call is given."""
        return [self.value(one, frame.deeper) for one in arguments(node)]

    def run(self, closure: Closure, given: list[Any], depth: int) -> Any:
        """Return what a function of the project's gives."""
        raise NotImplementedError

    def called(self, target: Any, given: list[Any], place: Location, depth: int) -> Any:
        """Return what a call of a value gives.

        Raises:
            EndedError: where the call is answered on every way through it.
        """
        if depth <= 0:
            return UNKNOWN
        if isinstance(target, Closure):
            return self.run(target, given, depth - 1)
        if isinstance(target, Native):
            return target.answer(self, given, place, depth - 1)
        if isinstance(target, Packaged):
            return packages.call(self, target, given, place, depth - 1)
        if target is Thing.NEXT:
            stopped = given and given[0] not in (None, UNKNOWN)
            raise EndedError(Stops(place, "hands on an error") if stopped else LetsBy())
        return Thing.NOBODY if target in {Thing.CLERK, Thing.NOBODY} else UNKNOWN

    def _member(self, node: SgNode, frame: Frame) -> Any:
        text = node.text().replace("?.", ".").replace("!", "")
        if text in frame.names:
            return frame.names[text]
        name = node.field("property")
        owner = self.value(node.field("object"), frame)
        return member(owner, name.text(), self.call) if name is not None else UNKNOWN

    def _subscript(self, node: SgNode, frame: Frame) -> Any:
        owner = self.value(node.field("object"), frame)
        index = self.value(node.field("index"), frame)
        if isinstance(owner, list) and isinstance(index, int) and index < len(owner):
            return owner[index]
        return member(owner, index, self.call) if isinstance(index, str) else UNKNOWN

    def _call(self, node: SgNode, frame: Frame) -> Any:
        called, place = node.field("function"), _place(node, frame)
        if called is None:
            return UNKNOWN
        if called.kind() == "member_expression":
            return self._method(node, called, frame)
        target, given, name = self.value(called, frame), self.given(node, frame), called.text()
        if target is not UNKNOWN:
            return self.called(target, given, place, frame.depth)
        if name == "require" and given and isinstance(given[0], str):
            return self.required(given[0], place.line, frame)
        if name == "Boolean" and given:
            return truth(given[0])
        return packages.loose(self, name, given, place)

    def _method(self, node: SgNode, called: SgNode, frame: Frame) -> Any:
        owner_node, named_node = called.field("object"), called.field("property")
        place, text = _place(node, frame), called.text().replace("?.", ".")
        if owner_node is None or named_node is None:
            return UNKNOWN
        name = named_node.text()
        given = self.given(node, frame)
        if text in frame.names:
            return self.called(frame.names[text], given, place, frame.depth)
        if owner_node.text() in _RESPONSES:
            return _made(name, given, place)
        owner = self.value(owner_node, frame)
        held = self._of_value(owner, name, given, place, frame)
        if held is not UNKNOWN:
            return held
        if owner_node.text() == "Object" and given and isinstance(given[0], dict):
            ways = {"keys": list(given[0]), "values": list(given[0].values())}
            return ways.get(name, [list(pair) for pair in given[0].items()])
        inner = member(owner, name, self.call)
        if isinstance(owner, Packaged) and not owner.made:
            inner = Packaged(owner.source, name, owner.place)
        if inner is not UNKNOWN and inner is not None:
            return self.called(inner, given, place, frame.depth)
        return packages.method(owner, name, place)

    def _of_value(self, owner: Any, name: str, given: list[Any], place: Location, frame: Frame) -> Any:  # fmt: skip
        """Return what a method of a plain value, or of a known object, gives."""
        if isinstance(owner, Thing):
            return asked(owner, name, given, self.call, place)
        if isinstance(owner, str):
            return texted(owner, name, given)
        if isinstance(owner, list):
            return self._listed(owner, name, given, place, frame)
        if isinstance(owner, re.Pattern) and name == "test" and given and isinstance(given[0], str):
            return owner.search(given[0]) is not None
        return UNKNOWN

    def _listed(self, owner: list[Any], name: str, given: list[Any], place: Location, frame: Frame) -> Any:  # fmt: skip
        """Return what a method of a list, or of a set, gives."""
        first = given[0] if given else None
        if name in {"includes", "has"}:
            return any_of(equal(one, first) for one in owner)
        if name == "concat":
            return owner + first if isinstance(first, list) else UNKNOWN
        if name not in {"some", "every", "find", "filter", "map", "flatMap"}:
            return UNKNOWN
        got = [self.called(first, [one], place, frame.depth) for one in owner[:_LONGEST_LIST]]
        told = [truth(one) for one in got]
        found = any_of(told)
        if name in {"map", "flatMap"}:
            return got
        if name == "filter":
            kept = [one for one, is_kept in zip(owner, told, strict=False) if is_kept is True]
            return UNKNOWN if UNKNOWN in told else kept
        if name == "every":
            others = any_of(UNKNOWN if one is UNKNOWN else not one for one in told)
            return UNKNOWN if others is UNKNOWN else not others
        if name == "some" or found is UNKNOWN:
            return found
        return owner[told.index(True)] if found else None

    def _new(self, node: SgNode, frame: Frame) -> Any:
        made, given = (node.field("constructor") or node).text(), self.given(node, frame)
        first = given[0] if given else None
        if made in _RESPONSES:
            if len(given) > 1 and isinstance(given[1], LetsBy | Stops | Untold):
                return given[1]  # the same answer with other headers
            return _made("json", given, _place(node, frame))
        if made == "URL":
            return Thing.URL if first is Thing.URL or first == self.call.url else UNKNOWN
        if made == "Set":
            return first if isinstance(first, list) else UNKNOWN
        if made == "RegExp" and isinstance(first, str):
            return _compiled(first, "")
        if made == "Auth0Client":  # its own paths only; `getSession` is asked for by the app
            return {"middleware": Native(lambda *_: LetsBy()), "getSession": Thing.NOBODY}
        return Thing.ROUTER if made in {"Hono", "OpenAPIHono", "Router"} else UNKNOWN

    def _array(self, node: SgNode, frame: Frame) -> Any:
        listed: list[Any] = []
        for one in named(node):
            if one.kind() == "spread_element":
                inner = self.value(one.child(1), frame.deeper)
                listed += inner if isinstance(inner, list) else [UNKNOWN]
            else:
                listed.append(self.value(one, frame.deeper))
        return listed

    def _object(self, node: SgNode, frame: Frame) -> Any:
        found: dict[str, Any] = {}
        for one in node.children():
            key, value, own = one.field("key"), one.field("value"), one.field("name")
            if one.kind() == "spread_element":
                inner = self.value(one.child(1), frame.deeper)
                found |= inner if isinstance(inner, dict) else {"...": UNKNOWN}
            elif one.kind() == "method_definition" and own is not None:
                found[text_of(own)] = Closure(frame.file, one, frame.names)
            elif one.kind() == "shorthand_property_identifier":
                found[one.text()] = self.named(one.text(), frame.deeper)
            elif key is not None and value is not None:
                found[text_of(key)] = self.value(value, frame.deeper)
        return found

    def _template(self, node: SgNode, frame: Frame) -> Any:
        written = ""
        for one in node.children():
            inner = one.child(1) if one.kind() == "template_substitution" else None
            part = self.value(inner, frame.deeper) if inner is not None else one.text()
            if isinstance(part, bool) or not isinstance(part, str | int):
                return UNKNOWN
            written += str(part)
        return written.removeprefix("`").removesuffix("`")

    def _unary(self, node: SgNode, frame: Frame) -> Any:
        held = truth(self.value(node.field("argument"), frame))
        is_negated = (node.field("operator") or node).text() == "!"
        return not held if is_negated and held is not UNKNOWN else UNKNOWN

    def _binary(self, node: SgNode, frame: Frame) -> Any:
        operator = (node.field("operator") or node).text()
        left = self.value(node.field("left"), frame)
        if operator in {"&&", "||"}:
            held = truth(left)
            if held is (operator == "||"):
                return left
            right = self.value(node.field("right"), frame)
            decided = held is not UNKNOWN or truth(right) is (operator == "||")
            return right if decided else UNKNOWN
        right = self.value(node.field("right"), frame)
        if operator == "??":
            is_absent = equal(left, None)
            return UNKNOWN if is_absent is UNKNOWN else right if is_absent else left
        if operator in {"===", "==", "!==", "!="}:
            same = equal(left, right)
            return same if same is UNKNOWN or operator[0] == "=" else not same
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return left + right
        if operator in {">", "<"} and isinstance(left, int) and isinstance(right, int):
            return left > right if operator == ">" else left < right
        return UNKNOWN

    def _ternary(self, node: SgNode, frame: Frame) -> Any:
        held = truth(self.value(node.field("condition"), frame))
        ways = [node.field("consequence"), node.field("alternative")]
        if held is not UNKNOWN:
            return self.value(ways[0] if held else ways[1], frame)
        return several([self._tried(way, frame) for way in ways])

    def _tried(self, node: SgNode | None, frame: Frame) -> Any:
        """Return what one way of several gives; one that answers the call is noted."""
        try:
            return self.value(node, frame)
        except EndedError as ended:
            self.ended += ended.answers
            return _ENDED

    def _assign(self, node: SgNode, frame: Frame) -> Any:
        left, value = node.field("left"), self.value(node.field("right"), frame)
        if left is not None and left.kind() in {"identifier", "member_expression"}:
            frame.names[left.text().replace("?.", ".")] = value
        return value


def named(node: SgNode) -> list[SgNode]:
    """Return what stands inside a node, without marks and comments."""
    return [one for one in node.children() if one.is_named() and one.kind() != "comment"]


def several(values: Sequence[Any]) -> Any:
    """Return one value for many: itself, where they are the same."""
    flat: list[Any] = []
    for value in values:
        for one in value.values if isinstance(value, Several) else (value,):
            if one is not _ENDED and one not in flat:
                flat.append(one)
    return flat[0] if len(flat) == 1 else Several(tuple(flat))


def _place(node: SgNode, frame: Frame) -> Location:
    return Location(frame.file, line_of(node))


def _made(name: str, given: list[Any], place: Location) -> Answer:
    """Return what a static method of a response class, or its constructor, makes."""
    if name == "next":
        return LetsBy()
    if name == "redirect":
        return Stops(place, "sends callers away")
    if name == "rewrite":
        return Untold(place, "rewrites the path")
    options = given[1] if len(given) > 1 else None
    status = options.get("status") if isinstance(options, dict) else None
    return Stops(place, f"answers {status}" if isinstance(status, int) else "answers itself")


def _regex(node: SgNode) -> Any:
    pattern, flags = node.field("pattern"), node.field("flags")
    return _compiled(pattern.text() if pattern else "", flags.text() if flags else "")


def _compiled(text: str, flags: str) -> Any:
    """Return JavaScript's regular expression as Python's; ``UNKNOWN`` where it is not safe."""
    if patterns.from_regex(text) is None:
        return UNKNOWN
    python = text.replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!")
    try:
        return re.compile(python, re.IGNORECASE if "i" in flags else 0)
    except (re.error, OverflowError, RecursionError):
        return UNKNOWN
