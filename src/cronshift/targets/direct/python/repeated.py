"""Code that is carried out anew behind every step: what of it is harmless, and what has to be a step."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from cronshift.runtime.lazy_pattern import lazy_pattern
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.called import (
    ModuleScope,
    is_sending,
    leaves_alone,
    leaves_nothing,
    locals_of,
    root_of,
)
from cronshift.targets.direct.python.json_values import (
    Certainties,
    Certainty,
    carries,
    kind_of,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.targets.direct.python.source import Function

_PURE = frozenset({"abs", "all", "any", "bool", "dict", "enumerate", "float", "int", "isinstance", "len", "list",
                   "max", "min", "range", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip",
                   "json.dumps", "json.loads", "os.environ.get", "os.getenv"})  # fmt: skip
_PURE_METHODS = frozenset({"copy", "count", "endswith", "find", "format", "get", "index", "items", "join", "keys",
                           "lower", "lstrip", "removeprefix", "removesuffix", "replace", "rstrip", "split",
                           "splitlines", "startswith", "strip", "title", "upper", "values"})  # fmt: skip
_CHANGING_METHODS = frozenset({"add", "append", "clear", "extend", "insert", "pop", "remove", "reverse", "setdefault",
                               "sort", "update"})  # fmt: skip
_CLOCKS = lazy_pattern(
    r"(?:datetime\.)*(?:now|utcnow|today)|(?:datetime|date|dt)\.(?:datetime\.|date\.)?(?:now|utcnow|today)"
    r"|time\.(?:time|sleep|monotonic|perf_counter)|asyncio\.sleep|uuid\.uuid[14]"
)
_ERROR = lazy_pattern(r"(?:\w+\.)*\w*(?:Error|Exception)")


class Repetition:
    """Judges the expressions of a function that is carried out anew behind every step.

    Args:
        work: the function.
        kinds: of its names.
        place: the module that it stands in.
    """

    def __init__(self, work: Function, kinds: Certainties, place: ModuleScope) -> None:
        self._work, self._kinds, self._place = work, kinds, place
        self._local = locals_of(work)

    def rows_of(self, rows: ast.comprehension) -> Iterator[tuple[str, Certainty]]:
        """Yield the names that a comprehension binds, and the kind of each."""
        return rows_of(rows.target, rows.iter, self._kinds, self._place)

    def is_harmless(self, node: ast.AST) -> bool:
        """Return whether an expression does nothing, and is the same each time."""
        return self._doing(node) is None

    def refuse_doing(self, node: ast.AST) -> None:
        """Refuse an expression that does something, or is another each time.

        Raises:
            NotCertainError: with its line.
        """
        doing = self._doing(node)
        if doing is not None:
            raise NotCertainError(doing.lineno, "does what is done anew at every step")

    def refuse_elsewhere(self, target: ast.expr) -> None:
        """Refuse a value that is kept outside of the function.

        Raises:
            NotCertainError: with its line.
        """
        for node in ast.walk(target):
            if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(
                node.ctx, ast.Load
            ):
                root = root_of(node)
                if root is None or root not in self._local or isinstance(node, ast.Attribute):
                    raise NotCertainError(node.lineno, "keeps a value that only this process has")

    def _doing(self, node: ast.AST) -> ast.expr | None:
        """Return the first call that is not harmless, or whatever waits."""
        for each in ast.walk(node):
            if isinstance(each, ast.Await | ast.Yield | ast.YieldFrom):
                return each
            if isinstance(each, ast.Call) and not self._is_harmless_call(each):
                return each
        return None

    def _is_harmless_call(self, call: ast.Call) -> bool:
        called = ast.unparse(call.func)
        if (called in _PURE and called.partition(".")[0] not in self._local) or _ERROR.fullmatch(
            called
        ):
            return True
        if not isinstance(call.func, ast.Attribute):
            return False
        holder, method = call.func.value, call.func.attr
        if self._is_changing(call):
            return True
        is_plain = kind_of(holder, self._kinds, self._place) < Certainty.UNKNOWN
        return method in _PURE_METHODS and is_plain

    def _is_changing(self, node: ast.AST) -> bool:
        """Return whether a call changes a list or a dictionary of the function's own."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                is_own = name in self._local and self._kinds.get(name) is not Certainty.UNKNOWN
                return is_own and method in _CHANGING_METHODS
        return False

    def collected(self, value: ast.expr) -> list[ast.expr] | None:
        """Return the values that are put into a list or a dictionary of the function's own, if that is all."""
        return value.args if isinstance(value, ast.Call) and self._is_changing(value) else None

    def refuse_doing_in(self, logging: ast.expr) -> None:
        """Refuse a line for the log that does something to say what it says."""
        match logging:
            case ast.Call(args=arguments, keywords=keywords):
                for each in [*arguments, *(word.value for word in keywords)]:
                    self.refuse_doing(each)

    def step_of(self, value: ast.expr) -> ast.expr | None:
        """Return the part of a chain of members and calls that is to be a step.

        It is the shortest that JSON keeps; all that does something where none is. ``None`` where a
        value is no such chain, or does nothing along it.
        """
        chain = chain_of(value)
        if chain is None:
            return None
        doing = [
            node
            for node in chain
            if isinstance(node, ast.Await)
            or (isinstance(node, ast.Call) and not self._is_harmless_call(node))
        ]
        if not doing:
            return None
        waiting = {node.value for node in chain if isinstance(node, ast.Await)}
        for node in reversed(chain[: chain.index(doing[-1]) + 1]):
            if isinstance(node, ast.Attribute) or node in waiting:
                continue
            if kind_of(node, self._kinds, self._place) < Certainty.UNKNOWN:
                return node
        return doing[0]

    def refuse_leaving(self, step: ast.expr) -> None:
        """Refuse a step that leaves something behind in its process, or changes what it is handed.

        Raises:
            NotCertainError: with its line.
        """
        for call in ast.walk(step):
            if isinstance(call, ast.NamedExpr) or self._is_changing(call):
                raise NotCertainError(step.lineno, "changes in a step what is read behind it")
            if not isinstance(call, ast.Call) or self._is_harmless_call(call):
                continue
            name = ast.unparse(call.func)
            function = None if root_of(call.func) in self._local else self._place.function(name)
            if function is not None:
                if not leaves_nothing(*function):
                    why = f"calls {name}, which keeps something that only its process has"
                    raise NotCertainError(call.lineno, why)
            elif not (is_sending(call, self._place) or _CLOCKS.fullmatch(name) or _is_behind(call)):
                raise NotCertainError(call.lineno, f"calls {name}, which is not read")
            self._refuse_changing(call)

    def _refuse_changing(self, call: ast.Call) -> None:
        """Refuse a call that may change what is read behind it."""
        for name in {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}:
            if name not in self._local or not self._is_handed(call, name):
                continue
            inside = set(ast.walk(call))
            reads = [
                node
                for node in ast.walk(self._work)
                if isinstance(node, ast.Name)
                and node.id == name
                and node not in inside
                and isinstance(node.ctx, ast.Load)
            ]
            is_last = all(node.lineno < call.lineno for node in reads)
            is_again = (not is_last or self._is_in_loop(call, name)) and bool(reads)
            if is_again and not leaves_alone(call, name, self._place):
                why = f"hands {name} to {ast.unparse(call.func)}, which may change it"
                raise NotCertainError(call.lineno, why)

    def _is_handed(self, call: ast.Call, name: str) -> bool:
        """Return whether a call is handed a value that it could change, by a name or a part of it."""
        if self._kinds.get(name) is Certainty.SCALAR:
            return False
        handed = [*call.args, *(word.value for word in call.keywords)]
        return any(carries(each, name, self._kinds, self._place) for each in handed)

    def _is_in_loop(self, call: ast.Call, name: str) -> bool:
        """Return whether a call is made in a loop again, with a value from before that loop."""
        for loop in ast.walk(self._work):
            if isinstance(loop, ast.For | ast.While) and call in set(ast.walk(loop)):
                bound = {
                    node.id
                    for node in ast.walk(loop)
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                }
                if name not in bound:
                    return True
        return False


def _is_behind(call: ast.Call) -> bool:
    """Return whether a call is a method of what another call gives: it is judged with that one."""
    return isinstance(call.func, ast.Attribute) and any(
        isinstance(node, ast.Call) for node in ast.walk(call.func.value)
    )


def chain_of(value: ast.expr) -> list[ast.expr] | None:
    """Return an expression and what its members, indexes and calls begin with, from the whole inwards."""
    chain: list[ast.expr] = [value]
    while True:
        match chain[-1]:
            case ast.Call(func=inner) | ast.Await(value=inner):
                chain.append(inner)
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                chain.append(inner)
            case _:
                return chain if len(chain) > 1 else None


def name_of_call(step: ast.expr) -> str:
    """Return the name of the first call along a chain, with dots."""
    chain = chain_of(step) or [step]
    call = next(node for node in reversed(chain) if isinstance(node, ast.Call))
    return re.sub(r"[^\w.]", "", ast.unparse(call.func))


def words_of_call(step: ast.expr) -> str:
    """Return the words of a step's id: what is called, and the text that it is called with first."""
    chain = chain_of(step) or [step]
    call = next(node for node in reversed(chain) if isinstance(node, ast.Call))
    words = [name_of_call(step)]
    match call.args:
        case [ast.Constant(value=str(text)), *_]:
            words.append(re.sub(r"[^\w /.-]", "", text))
    return " ".join(words)
