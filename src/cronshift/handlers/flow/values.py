"""The values of names while a request is followed, as far as they are known."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from cronshift.handlers.flow.code import UNDEFINED, ClassCode, CodePlace, Function, Undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.paths import Exit

_MOST_INSIDE = 3  # lists inside each other
_MOST_ALTERNATIVES = 6
_BETWEEN = "\x1f"  # the parts of a key


class Taint(StrEnum):
    """The source of a value, or of a part of it."""

    CREDENTIAL = "credential"
    """A header or a cookie of this request, or who is signed in by it."""
    QUERY = "query"
    REQUEST = "request"
    """The request as a whole, handed to what is not followed."""
    SECRET = "secret"  # noqa: S105 - a kind of value, not a secret
    """A variable of the environment."""
    FAILURE = "failure"
    """A failure of the work: what only it makes, or what comes out otherwise where it happens."""
    LOUD = "loud"
    """The failure in words: the error, a text of it, a ``false``; no zero and no count."""
    STALE = "stale"
    """Something that a failure left as it was, where it would have changed."""


Taints = frozenset[Taint]
CLEAN: Taints = frozenset()
FAILED: Taints = frozenset({Taint.FAILURE, Taint.LOUD})
QUIETLY_FAILED: Taints = frozenset({Taint.FAILURE})
STALE: Taints = frozenset({Taint.STALE})


class Unknown(Struct, frozen=True):
    """A value that only running the code would tell; ``alternatives`` where it is one of a few.

    Attributes:
        name: of what gave it, and ``package``, where a package's function did.
    """

    taints: Taints = CLEAN
    alternatives: tuple[Value, ...] = ()
    name: str = ""
    package: str = ""


class PlainValue(Struct, frozen=True):
    """A text, a number, true, false, nothing. A secret's text is its name between two marks."""

    value: str | float | bool | Undefined | None
    taints: Taints = CLEAN


class Elements(Struct, frozen=True):
    """The elements of a list; ``open`` where there may be more of them or fewer, ``grown`` where more."""

    values: tuple[Value, ...] = ()
    open: bool = False
    grown: bool = False


class ListValue(Struct, eq=False):
    """A list. ``cell`` holds its one entry, ``items``: its present elements."""

    cell: dict[str, Elements]
    taints: Taints = CLEAN

    @property
    def elements(self) -> Elements:
        """The elements that the list holds now."""
        return self.cell["items"]


class ObjectValue(Struct, eq=False):
    """An object; ``open`` where it may have more than ``cell`` says, all that ``rest`` has, if it is said."""

    cell: dict[str, Value]
    open: bool = False
    taints: Taints = CLEAN
    of: ClassValue | None = None
    rest: Value | None = None


class ClassValue(Struct, eq=False):
    """A class that was defined in the project."""

    code: ClassCode
    scope: Scope
    members: dict[str, Value] = field(default_factory=dict)
    taints: Taints = CLEAN


class Closure(Struct, eq=False):
    """A function of the project, and where it was defined; ``this`` where it is a method."""

    function: Function
    scope: Scope
    this: Value | None = None
    taints: Taints = CLEAN


class Native(Struct, eq=False):
    """A function whose meaning is built in."""

    name: str
    call: Callable[[Machine, Arguments], Value]
    taints: Taints = CLEAN


class NativeObject(Struct, eq=False):
    """An object whose meaning is built in: a request, its headers, a response."""

    name: str
    member: Callable[[Machine, str], Value | None]
    taints: Taints = CLEAN
    data: object = None
    call: Callable[[Machine, Arguments], Value] | None = None


class Outside(Struct, frozen=True):
    """A value of a package, or of an unknown name: ``stripe.charges.create``."""

    name: str
    package: str = ""
    taints: Taints = CLEAN


class Module(Struct, frozen=True):
    """A file of the project, as ``import * as jobs`` names it."""

    file: str
    taints: Taints = CLEAN


class Response(Struct, frozen=True):
    """A response of a handler, or of a gate before one.

    Attributes:
        status: ``None`` where it is computed.
        goes_on: whether a middleware lets the request by.
        how: what it does with the caller, where its status does not say so; reads on from the place.
    """

    status: int | None
    body: Value | None = None
    place: CodePlace | None = None
    goes_on: bool = False
    taints: Taints = CLEAN
    how: str = ""

    @property
    def refuses(self) -> bool:
        """True when the response turns the caller away, or says that the call failed."""
        return self.status is not None and not self.goes_on and self.status >= 300  # noqa: PLR2004


class Promise(Struct, eq=False):
    """Work that goes on: the value it resolves to, and the place where it was started.

    Attributes:
        name: of what was called to start it.
        rejected: whether it fails; ``value`` is the error then.
        dropped: the statement that leaves it, if one does.
        sites: the promises that it is part of.
        calls: the calls into the project around it.
        beside: whether it is a matter beside the work, or begun only where something has failed.
        errors: the ways on which it may be rejected, where others are not.
    """

    value: Value
    place: CodePlace
    name: str
    rejected: bool = False
    taints: Taints = CLEAN
    dropped: CodePlace | None = None
    sites: tuple[CodePlace, ...] = ()
    calls: tuple[CodePlace, ...] = ()
    beside: bool = False
    errors: tuple[Exit, ...] = ()


class Arguments(Struct, frozen=True):
    """The arguments of a call; ``injected`` where a framework fills in those left out."""

    values: tuple[Value, ...]
    named: Mapping[str, Value]
    place: CodePlace
    name: str = ""
    injected: bool = False

    def at(self, number: int) -> Value:
        """Return an argument by its position; ``undefined`` where there is none."""
        return self.values[number] if number < len(self.values) else PlainValue(UNDEFINED)

    @property
    def taints(self) -> Taints:
        """The taints of all arguments together."""
        return taints_of(*self.values, *self.named.values())


class Scope(Struct, eq=False):
    """The names of a function's call, of a block, or of a module."""

    file: str
    names: dict[str, Value]
    parent: Scope | None = None
    is_module: bool = False


Value = (
    Unknown
    | PlainValue
    | ListValue
    | ObjectValue
    | ClassValue
    | Closure
    | Native
    | NativeObject
    | Outside
    | Module
    | Response
    | Promise
)
NOTHING = PlainValue(UNDEFINED)


class Nobody(Undefined):
    """The session of a call that has none: nothing, in whatever shape it is asked for."""


NOBODY = PlainValue(Nobody(), frozenset({Taint.CREDENTIAL}))


def is_nothing(value: Value) -> bool:
    """Return whether a value is null, None or undefined."""
    return isinstance(value, PlainValue) and (
        value.value is None or isinstance(value.value, Undefined)
    )


def is_nobody(value: Value) -> bool:
    """Return whether a value is the session of a call that has none."""
    return isinstance(value, PlainValue) and isinstance(value.value, Nobody)


def taints_of(*values: Value) -> Taints:
    """Return the taints of values together, looking one level into lists and objects."""
    if len(values) == 1 and isinstance(values[0], PlainValue | Unknown):
        return values[0].taints
    taints: set[Taint] = set()
    for value in values:
        taints |= value.taints
        if isinstance(value, ListValue):
            taints.update(*(part.taints for part in value.elements.values))
        elif isinstance(value, ObjectValue):
            taints.update(*(part.taints for part in value.cell.values()))
        elif isinstance(value, Promise):
            taints |= value.value.taints
    return frozenset(taints)


def quieted(taints: Taints) -> Taints:
    """Return the taints of how many there are: that alone tells nobody why."""
    return taints - {Taint.LOUD}


def tainted(value: Value, taints: Taints) -> Value:
    """Return a value with more taints."""
    if taints <= value.taints:
        return value
    if isinstance(value, PlainValue):
        return PlainValue(value.value, value.taints | taints)
    if isinstance(value, Unknown):
        whole = value.taints | taints
        return Unknown(whole, value.alternatives, value.name, value.package)
    if isinstance(value, (Outside, Response)):
        return replace(value, taints=value.taints | taints)
    return value


def joined(first: Value, second: Value, inside: int = 0) -> Value:
    """Return a value that is one of two; lists as long as each other part by part."""
    if first is second:
        return first
    if isinstance(first, PlainValue) and isinstance(second, PlainValue) and same(first, second):
        return PlainValue(first.value, first.taints | second.taints)
    taints = taints_of(first, second)
    if isinstance(first, ListValue) and isinstance(second, ListValue):
        ours, others = first.elements, second.elements
        is_apart = ours.open or others.open or len(ours.values) != len(others.values)
        if is_apart or inside >= _MOST_INSIDE:
            longer = max(ours.values, others.values, key=len)
            kept = {id(part) for part in longer}
            lost = [
                part
                for part in (*ours.values, *others.values)
                if id(part) not in kept and Taint.FAILURE in taints_of(part)
            ]
            return items_of(*longer, *lost, is_open=True, taints=taints)
        pairs = zip(ours.values, others.values, strict=True)
        parts = (joined(*pair, inside + 1) for pair in pairs)
        return items_of(*parts, taints=first.taints | second.taints)
    alternatives = (*_alternatives(first), *_alternatives(second))
    whole = isinstance(first, Unknown) and not first.alternatives
    if whole or (isinstance(second, Unknown) and not second.alternatives):
        certain = tuple(part for part in alternatives if not isinstance(part, Unknown))
        unknown = Unknown(taints_of(*(part for part in alternatives if isinstance(part, Unknown))))
        few = _most((*certain, unknown)) if certain else ()
        return Unknown(taints, few, package=_package_of(first, second))
    return Unknown(taints, _most(alternatives))


def _package_of(*values: Value) -> str:
    """Return the package that gave a value which is one of a few, or nothing; empty where others did."""
    packages = {
        value.package if isinstance(value, Unknown) else ""
        for value in values
        if not is_nothing(value)
    }
    return packages.pop() if len(packages) == 1 else ""


def _most(alternatives: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return as many alternatives as are kept, those of a failure before others."""
    if len(alternatives) > _MOST_ALTERNATIVES:
        kept = sorted(alternatives, key=lambda part: Taint.FAILURE not in taints_of(part))
        is_failure = Taint.FAILURE in taints_of(kept[0])
        return (*kept[:_MOST_ALTERNATIVES], *(() if is_failure else (Unknown(),)))  # or another
    return alternatives


def _alternatives(value: Value) -> tuple[Value, ...]:
    if isinstance(value, Unknown):
        return value.alternatives or (Unknown(value.taints),)
    return (value,)


def same(first: PlainValue, second: PlainValue) -> bool:
    """Return whether two plain values are the same, of the same type too."""
    return type(first.value) is type(second.value) and first.value == second.value


def is_error(value: Value) -> bool:
    """Return whether a value is the error of the failure that is tried out."""
    return isinstance(value, Unknown) and value.name == "error" and Taint.LOUD in value.taints


def truth(value: Value) -> bool | None:
    """Return whether a value counts as true; ``None`` where that is not known."""
    if isinstance(value, Unknown):
        if is_error(value):
            return True
        answers = {truth(alternative) for alternative in value.alternatives}
        return answers.pop() if len(answers) == 1 else None
    if isinstance(value, PlainValue):
        return bool(value.value) and not isinstance(value.value, Undefined)
    return None if isinstance(value, Outside) else True


def items_of(*values: Value, is_open: bool = False, taints: Taints = CLEAN) -> ListValue:
    """Return a list."""
    return ListValue({"items": Elements(values, is_open)}, taints)


def key_of(value: Value) -> str | None:
    """Return the name of a member that a value spells; of Python's tuples, their parts together."""
    text = text_of(value)
    if text is None and isinstance(value, PlainValue) and isinstance(value.value, int):
        return str(value.value)
    if isinstance(value, ListValue) and not value.elements.open:
        parts = [text_of(part) for part in value.elements.values]
        return _BETWEEN.join(part for part in parts if part) if all(parts) else None
    return text


def text_of(value: Value) -> str | None:
    """Return a plain text; ``None`` for everything else."""
    return value.value if isinstance(value, PlainValue) and isinstance(value.value, str) else None
