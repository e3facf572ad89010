"""Follows code with one request in one environment, as far as the files tell what happens.

Nothing is executed: values are what ``values`` can say of them, both sides are followed where a
condition is not known, and what is too much to follow ends as :class:`~.paths.Exhausted`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cronshift.handlers.flow import code
from cronshift.handlers.flow.code import Place
from cronshift.handlers.flow.expressions import Expressions
from cronshift.handlers.flow.ledger import ABOUT_CALLER
from cronshift.handlers.flow.paths import Abrupt, Exit, Left, Returned, Thrown
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    CLEAN,
    FAILED,
    NOTHING,
    Answer,
    Arguments,
    Closure,
    Fields,
    Items,
    Kind,
    Native,
    Promise,
    Scope,
    Unknown,
    Value,
    tainted,
    taints_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_TURNS = 6  # of a loop over a list that is known


class Machine(Expressions):
    """Follows one request."""

    def block(self, body: Sequence[code.Statement], scope: Scope) -> None:
        """Follow statements; functions and classes are known before the first."""
        for one in body:
            if isinstance(one, code.Define):
                self._define(one, scope)
        for one in body:
            self.statement_of(one, scope)

    def statement_of(self, one: code.Statement, scope: Scope) -> None:
        """Follow a statement."""
        self.step()
        self._FOLLOWING[type(one)](self, one, scope)

    def _do(self, one: code.Do, scope: Scope) -> None:
        self.statement = one.place
        value = self.value(one.value, scope)
        if isinstance(value, Promise) and value.dropped is None:
            value.dropped = one.place  # it is left here, if nobody else has it
            if self._is_held(one.value, scope):
                self.consume(value)

    def _is_held(self, one: code.Expression, scope: Scope) -> bool:
        """Return whether a chain hangs on a variable whose promise is not followed: ``p.catch(…)``."""
        owner = one.called.owner if isinstance(one, code.Call) and isinstance(one.called, code.Member) else None  # fmt: skip
        return isinstance(owner, code.Name) and isinstance(self.value(owner, scope), Unknown)

    def _bind(self, one: code.Bind, scope: Scope) -> None:
        self.statement = one.place
        self.bind(one.pattern, self.value(one.value, scope), scope)

    def _defined(self, one: code.Define, scope: Scope) -> None:
        if one.name not in scope.names:
            self._define(one, scope)

    def _raise(self, one: code.Raise, scope: Scope) -> None:
        raise self._raised(self.value(one.value, scope) if one.value is not None else Unknown())

    def _leave_loop(self, one: code.Leave, _scope: Scope) -> None:
        raise Left(one.kind)

    def _block(self, one: code.Block, scope: Scope) -> None:
        try:
            self.block(one.body, scope)
        except Left as left:
            if not one.is_switch or left.kind != "break":
                raise

    def _return(self, one: code.Return, scope: Scope) -> None:
        """Return from a function; the ways out of a call that is returned stay apart."""
        self.statement = one.place
        result = self.value(one.value, scope) if one.value is not None else NOTHING
        split = self.splits.get(id(result))
        if split is not None and split[0] is result:
            *others, last = split[1]
            if self.frames:
                self.frames[-1] += others
            self.path = last.path.copy()
            if isinstance(last.abrupt, Returned):
                result = last.abrupt.value
        raise Returned(result, self.statement)

    def _raised(self, value: Value) -> Thrown:
        """Return the error that leaves here; a failure that goes on is not caught yet."""
        if self.catching:
            self.path.caught = None
            value = value if isinstance(value, Fields) else tainted(value, FAILED)
        return Thrown(value)

    def _define(self, one: code.Define, scope: Scope) -> None:
        value: Value
        if isinstance(one.value, code.ClassCode):
            value = Kind(one.value, scope)
        else:
            value = Closure(one.value, scope)
            for decorator in reversed(one.value.decorators):
                value = self._decorated(decorator, value, scope)
        self.write(scope.names, one.name, value)

    def _decorated(self, decorator: code.Expression, value: Value, scope: Scope) -> Value:
        made = self.value(decorator, scope)
        if isinstance(made, Closure) or (isinstance(made, Native) and made.name == "decorator"):
            place = value.function.place if isinstance(value, Closure) else Place(scope.file, 1, 1)
            wrapped = self.call(made, Arguments((value,), {}, place))
            return wrapped if isinstance(wrapped, Closure | Native) else value
        return value

    def _if(self, one: code.If, scope: Scope) -> None:
        test = self.value(one.test, scope)
        known = self.truth(test, scope)
        if known is not None:
            self.block(
                one.yes if known else one.no,
                Scope(scope.file, {}, scope) if not is_python(scope.file) else scope,
            )
            return
        taints = taints_of(test)

        def side(body: tuple[code.Statement, ...]) -> Callable[[], None]:
            inner = scope if is_python(scope.file) else Scope(scope.file, {}, scope)
            return lambda: self.block(body, inner)

        self.fork(
            taints,
            side(one.yes),
            side(one.no),
            about_caller=bool(taints & ABOUT_CALLER),
        )

    def _loop(self, one: code.Loop, scope: Scope) -> None:
        turns: Sequence[Value] = (Unknown(),)
        if one.source is not None:
            source = self.value(one.source, scope)
            if one.is_awaited:
                self.consume(source)
            turns = self._turns(source)
        elif one.test is not None and self.truth(self.value(one.test, scope), scope) is False:
            return
        self.loops += 1
        try:
            self._turn(one, turns, scope)
        finally:
            self.loops -= 1

    def _turn(self, one: code.Loop, turns: Sequence[Value], scope: Scope) -> None:
        for turn in turns:
            inner = scope if is_python(scope.file) else Scope(scope.file, {}, scope)
            if one.pattern is not None:
                self.bind(one.pattern, turn, inner)
            try:
                self.block(one.body, inner)
            except Left as left:
                if left.kind == "break":
                    break

    def _turns(self, source: Value) -> Sequence[Value]:
        """Return what a loop goes through: what a list holds, else one thing that is not known."""
        if isinstance(source, Items):
            held = source.held
            if held.values:
                return held.values[:_MOST_TURNS]
            return (Unknown(source.taints),) if held.open else ()
        return (Unknown(taints_of(source)),)

    def _try(self, one: code.Try, scope: Scope) -> None:
        self.tries.append([])
        pending: Abrupt | None = None
        try:
            self.block(one.body, self._inner(scope))
        except Abrupt as error:
            pending = error
        sides = self.tries.pop()
        if pending is None:
            try:
                self.block(one.otherwise, scope)
            except Abrupt as error:
                pending = error
        if isinstance(pending, Thrown):
            pending = self._caught(one, pending, scope)
        elif sides:
            pending = self._maybe_caught(one, sides[-1], pending, scope)
        self.block(one.final, scope)
        if pending is not None:
            raise pending

    def _inner(self, scope: Scope) -> Scope:
        return scope if is_python(scope.file) else Scope(scope.file, {}, scope)

    def _caught(self, one: code.Try, thrown: Thrown, scope: Scope) -> Abrupt | None:
        """Follow what catches an error; return how that ends, the error itself where nothing does."""
        clause = next((c for c in one.catches if _catches(c, thrown.value)), None)
        if clause is None:
            return thrown
        failed = self.path.failed
        if failed and self.path.caught is None:
            self.path.caught = clause.place
        inner = self._inner(scope)
        if clause.pattern is not None:
            self.bind(clause.pattern, thrown.value, inner)
        answered, throws = self.path.answered, len(self.tries[-1])
        self.catching += failed
        self.rescuing += 1
        try:
            self.block(clause.body, inner)
        except Returned as returned:
            answers = isinstance(returned.value, Answer) or self.depth <= 1
            self.path.in_catch = self.path.in_catch or (failed and answers)
            return returned
        except Thrown as again:
            rethrown = isinstance(again.value, Unknown) and not again.value.name
            return thrown if rethrown and not clause.types else again
        except Left as left:
            if failed and _leaves(one.body):
                self.path.failed, self.path.caught = False, None
            return left
        finally:
            self.catching -= failed
            self.rescuing -= 1
            if failed and len(self.tries[-1]) > throws:  # it tells one error from another
                self.path.failed, self.path.caught = False, None
        if failed and self.loops and _leaves(one.body):  # it is tried again, or another is
            self.path.failed, self.path.caught = False, None
        gave = failed and answered is None and self.path.answered is not None
        self.path.in_catch = self.path.in_catch or gave
        return None

    def _maybe_caught(
        self, one: code.Try, thrown: Exit, pending: Abrupt | None, scope: Scope
    ) -> Abrupt | None:
        """Follow a ``catch`` that may be needed, beside going on as if it were not."""
        error = thrown.abrupt

        def catch() -> None:
            inside = self.path.inside
            self.path = thrown.path.copy()
            self.path.inside = max(inside, self.path.inside)
            after = self._caught(one, error, scope) if isinstance(error, Thrown) else None
            if after is not None:
                raise after

        def go_on() -> None:
            if pending is not None:
                raise pending

        try:
            self.fork(CLEAN, catch, go_on, about_caller=False)
        except Abrupt as ended:
            return ended
        return None

    _FOLLOWING: ClassVar[dict[type, Callable[..., None]]] = {
        code.Do: _do,
        code.Bind: _bind,
        code.Define: _defined,
        code.If: _if,
        code.Loop: _loop,
        code.Return: _return,
        code.Raise: _raise,
        code.Try: _try,
        code.Leave: _leave_loop,
        code.Block: _block,
    }


def _catches(clause: code.Catch, error: Value) -> bool:
    """Return whether a clause catches an error: all, by its name, or by what it is not told."""
    if not clause.types:
        return True
    name = error.name if isinstance(error, Unknown) else ""
    broad = {"Exception", "BaseException"}
    if isinstance(error, Fields):  # HTTPException and its like
        return bool({"HTTPException", *broad} & set(clause.types))
    return bool(broad & set(clause.types)) or name in clause.types


def _leaves(body: Sequence[code.Statement]) -> bool:
    """Return whether statements end a function or a loop where all goes well."""
    for one in body:
        if isinstance(one, code.Return) or (isinstance(one, code.Leave) and one.kind == "break"):
            return True
        if isinstance(one, code.If) and (_leaves(one.yes) or _leaves(one.no)):
            return True
        if isinstance(one, code.Block | code.Try) and _leaves(one.body):
            return True
    return False
