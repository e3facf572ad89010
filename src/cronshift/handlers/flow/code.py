"""The kinds of nodes that are followed, the same for every language.

``javascript_code`` and ``python_code`` make them, a function at a time; ``machine`` follows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable


class CodePlace(Struct, eq=False):
    """The place of a node in a file; lines and columns count from 1.

    Attributes:
        text: what is written there, on one short line.
    """

    file: str
    line: int
    column: int
    text: str = ""

    def __eq__(self, other: object) -> bool:
        """Return whether two are the same place, whatever is quoted of it."""
        return self is other or (
            isinstance(other, CodePlace)
            and self.line == other.line
            and self.column == other.column
            and self.file == other.file
        )

    def __hash__(self) -> int:
        """Return a number that hangs on line and column alone, since it is asked for so often."""
        return self.line << 10 ^ self.column


class Constant(Struct, frozen=True):
    """A value that the code spells; :data:`UNDEFINED` for JavaScript's."""

    value: str | float | bool | Undefined | None


class Undefined:
    """JavaScript's ``undefined``."""

    def __repr__(self) -> str:
        """Return the text that JavaScript makes of it."""
        return "undefined"


UNDEFINED = Undefined()


class Name(Struct, frozen=True):
    """A variable, a parameter, something imported."""

    name: str


class Member(Struct, frozen=True):
    """``owner.name``, or ``owner[key]`` with whatever is computed for the key.

    Attributes:
        optional: whether nothing comes of it where there is no owner, ``owner?.name``.
    """

    owner: Expression
    key: Expression
    place: CodePlace
    optional: bool = False


class CallExpression(Struct, frozen=True):
    """A call; ``new`` makes an instance. Each argument has its keyword, ``*`` for a spread."""

    called: Expression
    arguments: tuple[tuple[str, Expression], ...]
    place: CodePlace
    new: bool = False
    optional: bool = False


class Joined(Struct, frozen=True):
    """A template: texts and the values between them."""

    parts: tuple[Expression, ...]


class OperatorExpression(Struct, frozen=True):
    """A calculation or a comparison, by its operator: ``==``, ``+``, ``in``, ``not`` and so on."""

    operator: str
    operands: tuple[Expression, ...]
    place: CodePlace


class Logical(Struct, frozen=True):
    """``and``, ``or``, ``??``: the right side counts only where the left one does not decide."""

    operator: str
    left: Expression
    right: Expression
    place: CodePlace


class Choice(Struct, frozen=True):
    """``test ? yes : no``: a choice."""

    test: Expression
    yes: Expression
    no: Expression
    place: CodePlace


class Awaited(Struct, frozen=True):
    """``await value``."""

    value: Expression
    place: CodePlace


class ObjectExpression(Struct, frozen=True):
    """An object or a dictionary; a spread has no key."""

    entries: tuple[tuple[Expression | None, Expression], ...]


class Listed(Struct, frozen=True):
    """A list; the flag marks a spread."""

    items: tuple[tuple[bool, Expression], ...]


class Assigned(Struct, frozen=True):
    """``target = value`` where a value is wanted; ``operator`` as in ``+=``."""

    target: Pattern | Member
    value: Expression
    operator: str
    place: CodePlace


class Function(Struct, frozen=True):
    """A function. Its body is lowered when it is first followed.

    Attributes:
        decorators: what is called with it, the innermost last.
        concise: whether the body is the one expression that it returns.
        is_getter: whether a member of its name is what it returns, ``get x()`` and ``@property``.
    """

    name: str
    parameters: tuple[Parameter, ...]
    body: Callable[[], tuple[Statement, ...]]
    place: CodePlace
    is_async: bool = False
    concise: bool = False
    is_arrow: bool = False
    is_generator: bool = False
    is_getter: bool = False
    decorators: tuple[Expression, ...] = ()


class ClassCode(Struct, frozen=True):
    """A class: its methods by name, and the first values of its fields."""

    name: str
    bases: tuple[Expression, ...]
    methods: tuple[Function, ...]
    fields: tuple[tuple[str, Expression], ...]
    place: CodePlace


class SequenceExpression(Struct, frozen=True):
    """Expressions of which only the last counts, or none, where no closer look is taken."""

    parts: tuple[Expression, ...]
    is_value: bool = False


class NamePattern(Struct, frozen=True):
    """A name that takes a value."""

    name: str


class RecordPattern(Struct, frozen=True):
    """``{ key: pattern = default, ...rest }``."""

    entries: tuple[tuple[Expression, Pattern, Expression | None], ...]
    rest: str | None = None


class ListPattern(Struct, frozen=True):
    """``[first = default, second, ...rest]``; ``None`` for a hole."""

    entries: tuple[tuple[Pattern | None, Expression | None], ...]
    rest: Pattern | None = None


class Parameter(Struct, frozen=True):
    """A parameter; ``annotation`` is Python's, ``kind`` is ``*`` or ``**`` for the rest."""

    pattern: Pattern
    default: Expression | None = None
    annotation: Expression | None = None
    kind: str = ""


class Do(Struct, frozen=True):
    """An expression as a statement."""

    value: Expression
    place: CodePlace


class Bind(Struct, frozen=True):
    """``const pattern = value``."""

    pattern: Pattern | Member
    value: Expression
    place: CodePlace


class Import(Struct, frozen=True):
    """A name that an import inside a function binds; ``name`` is ``*`` for a whole module."""

    bound: str
    source: str
    name: str


class Define(Struct, frozen=True):
    """A function or a class with a name of its own."""

    name: str
    value: Function | ClassCode


class If(Struct, frozen=True):
    """``if``."""

    test: Expression
    yes: tuple[Statement, ...]
    no: tuple[Statement, ...]
    place: CodePlace


class Loop(Struct, frozen=True):
    """Any loop: over the items of ``source``, or while ``test`` holds."""

    pattern: Pattern | None
    source: Expression | None
    test: Expression | None
    body: tuple[Statement, ...]
    place: CodePlace
    is_awaited: bool = False


class Return(Struct, frozen=True):
    """``return value``."""

    value: Expression | None
    place: CodePlace


class Raise(Struct, frozen=True):
    """``throw value``; Python's bare ``raise`` has none."""

    value: Expression | None
    place: CodePlace


class Catch(Struct, frozen=True):
    """One ``catch`` or ``except``; ``types`` are the names of its errors, none for all."""

    types: tuple[str, ...]
    pattern: Pattern | None
    body: tuple[Statement, ...]
    place: CodePlace


class Try(Struct, frozen=True):
    """``try``."""

    body: tuple[Statement, ...]
    catches: tuple[Catch, ...]
    otherwise: tuple[Statement, ...]
    final: tuple[Statement, ...]


class Leave(Struct, frozen=True):
    """``break`` or ``continue``."""

    kind: str


class StatementBlock(Struct, frozen=True):
    """Statements together: a block, a switch's case, Python's ``with``."""

    body: tuple[Statement, ...]
    is_switch: bool = False


Pattern = NamePattern | RecordPattern | ListPattern
Expression = (
    Constant
    | Name
    | Member
    | CallExpression
    | Joined
    | OperatorExpression
    | Logical
    | Choice
    | Awaited
    | ObjectExpression
    | Listed
    | Assigned
    | Function
    | ClassCode
    | SequenceExpression
)
Statement = Do | Bind | Import | Define | If | Loop | Return | Raise | Try | Leave | StatementBlock


def named(value: Expression, pattern: Pattern) -> Expression:
    """Return a function with the name of the constant that it is given to."""
    if isinstance(value, Function) and not value.name and isinstance(pattern, NamePattern):
        return replace(value, name=pattern.name)
    return value


def called_name(called: Expression) -> str:
    """Return the name of a called function, ``stripe.charges.create``."""
    if isinstance(called, Name):
        return called.name
    if isinstance(called, Member):
        key = called.key.value if isinstance(called.key, Constant) else "…"
        owner = called_name(called.owner)
        return f"{owner}.{key}" if owner else str(key)
    if isinstance(called, CallExpression):
        return called_name(called.called)
    return ""
