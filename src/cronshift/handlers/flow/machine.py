"""The machine that follows one request through code, as far as the files tell.

Nothing is executed: values are what ``values`` can say of them, both sides are followed where a
condition is not known, and what is too much to follow ends as :class:`~.paths.Exhausted`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cronshift.handlers.flow import code
from cronshift.handlers.flow.answers import serialized
from cronshift.handlers.flow.clauses import clause_of, leaves, surely_leaves
from cronshift.handlers.flow.code import CodePlace
from cronshift.handlers.flow.expressions import Expressions
from cronshift.handlers.flow.ledger import ABOUT_CALLER, CALLER
from cronshift.handlers.flow.lists import turns_of
from cronshift.handlers.flow.paths import Abrupt, Exit, Left, Returned, Thrown
from cronshift.handlers.flow.program import Imported, is_python
from cronshift.handlers.flow.refusals import (
    decides_by_failure,
    failing_side,
    handed_on,
    hangs,
    marked,
    of_failure,
)
from cronshift.handlers.flow.stale import leave_stale
from cronshift.handlers.flow.values import (
    CLEAN,
    FAILED,
    NOTHING,
    STALE,
    Arguments,
    ClassValue,
    Closure,
    ListValue,
    Native,
    ObjectValue,
    Promise,
    Scope,
    Taint,
    Unknown,
    Value,
    tainted,
    taints_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cronshift.handlers.flow.values import Taints

_CHAINING = {"then", "catch", "finally"}


class Machine(Expressions):
    """The machine that follows one request."""

    def block(self, body: Sequence[code.Statement], scope: Scope) -> None:
        """Follow statements; functions and classes are known before the first."""
        for node in body:
            if isinstance(node, code.Define):
                self._define(node, scope)
        for node in body:
            self.statement_of(node, scope)

    def statement_of(self, node: code.Statement, scope: Scope) -> None:
        """Follow a statement."""
        self.step()
        self._FOLLOWING[type(node)](self, node, scope)

    def _do(self, node: code.Do, scope: Scope) -> None:
        self.statement = node.place
        value = self.value(node.value, scope)
        if isinstance(value, Promise) and value.dropped is None:
            value.dropped = node.place  # it is left here, if nobody else has it
            if self._is_held(node.value, scope):
                self.consume(value)

    def _is_held(self, node: code.Expression, scope: Scope) -> bool:
        """Return whether a chain hangs on a variable whose promise is not followed: ``p.catch(…)``."""
        called = node.called if isinstance(node, code.CallExpression) else None
        if not isinstance(called, code.Member) or not isinstance(called.owner, code.Name):
            return False
        is_chain = isinstance(called.key, code.Constant) and called.key.value in _CHAINING
        return is_chain and isinstance(self.value(called.owner, scope), Unknown)

    def _bind(self, node: code.Bind, scope: Scope) -> None:
        self.statement = node.place
        value = self.value(node.value, scope)
        self.bind(node.pattern, marked(self, value) if self.in_trouble else value, scope)

    def _import(self, node: code.Import, scope: Scope) -> None:
        value = self._imported(scope.file, Imported(node.source, node.name), node.bound)
        self.write(scope.names, node.bound, value)

    def _defined(self, node: code.Define, scope: Scope) -> None:
        if node.name not in scope.names:
            self._define(node, scope)

    def _raise(self, node: code.Raise, scope: Scope) -> None:
        value = self.value(node.value, scope) if node.value is not None else Unknown()
        raise self._raised(value, node.place)

    def _leave_loop(self, node: code.Leave, _scope: Scope) -> None:
        raise Left(node.kind)

    def _block(self, node: code.StatementBlock, scope: Scope) -> None:
        try:
            self.block(node.body, scope)
        except Left as left:
            if not node.is_switch or left.kind != "break":
                raise

    def _return(self, node: code.Return, scope: Scope) -> None:
        """Return from a function; the ways out of a call that is returned stay apart."""
        self.statement = node.place
        result = self.value(node.value, scope) if node.value is not None else NOTHING
        if isinstance(node.value, code.CallExpression) and self.calls:
            self.ledger.returned.setdefault(self.calls[-1], set()).add(node.value.place)
        split = self.splits.get(id(result))
        if split is not None and split[0] is result:
            *others, last = split[1]
            if self.frames:
                self.frames[-1] += others
            self.path = last.path.copy()
            if isinstance(last.abrupt, Returned):
                result = last.abrupt.value
        result = handed_on(self, result, self.statement)
        if self.in_trouble and self.depth > 1:
            # what a helper gives where something failed
            result = of_failure(self, result, node.value)
        if self.serializing and self.depth == 1:
            result = serialized(result)
        raise Returned(result, self.statement)

    def _raised(self, value: Value, place: CodePlace) -> Thrown:
        """Return the error that leaves here; a failure that goes on is not caught yet."""
        if Taint.FAILURE in taints_of(value):  # it is thrown after all, when it was tried again
            self.path.failed, self.path.caught = True, None
        if self.catching:
            self.path.caught = None
            if isinstance(value, ObjectValue):
                value.taints |= FAILED
            value = tainted(value, FAILED)
        return Thrown(value, place)

    def _define(self, node: code.Define, scope: Scope) -> None:
        value: Value
        if isinstance(node.value, code.ClassCode):
            value = ClassValue(node.value, scope)
        else:
            value = Closure(node.value, scope)
            for decorator in reversed(node.value.decorators):
                value = self._decorated(decorator, value, scope)
        self.write(scope.names, node.name, value)

    def _decorated(self, decorator: code.Expression, value: Value, scope: Scope) -> Value:
        before = set(self.ledger.sites)
        made = self.value(decorator, scope)
        for place in self.ledger.sites.keys() - before:  # it ran when the module was loaded
            del self.ledger.sites[place]
        if isinstance(made, Closure) or (isinstance(made, Native) and made.name == "decorator"):
            place = (
                value.function.place if isinstance(value, Closure) else CodePlace(scope.file, 1, 1)
            )
            wrapped = self.call(made, Arguments((value,), {}, place))
            return wrapped if isinstance(wrapped, Closure | Native) else value
        return value

    def _if(self, node: code.If, scope: Scope) -> None:
        self.statement = node.place
        test = self.value(node.test, scope)
        decides = self.truth(test, scope)
        taints = taints_of(test)
        sides = {True, False} if decides is None or taints else {decides}
        self.ledger.hinges |= Taint.SECRET in taints and not taints & CALLER
        self.ledger.decided.setdefault(node.place, set()).update(sides)
        if decides is not None:
            taken, left_out = (node.yes, node.no) if decides else (node.no, node.yes)
            if decides_by_failure(self, test):
                self._by_failure(node.place, taints, taken, left_out, scope)
            else:
                self.block(taken, self._inner(scope))
            return
        self.path.hinged = self.path.hinged or hangs(taints)

        failing = failing_side(self, test)

        def side(body: tuple[code.Statement, ...], *, outcome: bool) -> Callable[[], None]:
            inner = scope if is_python(scope.file) else Scope(scope.file, {}, scope)
            fails = None if failing is None else failing is outcome
            return lambda: self._caught_side(body, inner, fails)

        self.fork(
            taints,
            side(node.yes, outcome=True),
            side(node.no, outcome=False),
            about_caller=bool(taints & ABOUT_CALLER),
        )
        if failing is not None and leaves(node.no if failing else node.yes, "return", "break"):
            self.path.other_way |= STALE
        if decides_by_failure(self, test):
            leave_stale(self, (*node.yes, *node.no), scope, node.place)

    def _by_failure(
        self,
        place: CodePlace,
        taints: Taints,
        taken: Sequence[code.Statement],
        left_out: Sequence[code.Statement],
        scope: Scope,
    ) -> None:
        """Follow the side of a condition that is taken because something failed."""
        self.path.decided = self.path.decided or place
        leave_stale(self, left_out, scope, place)
        answered = self.path.answered
        try:
            with self.because(taints):
                self.block(taken, self._inner(scope))
        except (Returned, Thrown):
            self.path.hinged = True
            raise
        finally:
            self._takes_another_way(left_out, taints, "return", "break", "continue")
            self.path.hinged = self.path.hinged or answered is not self.path.answered

    def _caught_side(
        self, body: Sequence[code.Statement], scope: Scope, fails: bool | None
    ) -> None:
        """Follow one side of a condition: that of the failure, where it did not happen, or any."""
        self.path.failed = self.path.failed and fails is not False
        self.catching += bool(fails)
        try:
            self.block(body, scope)
        finally:
            self.catching -= bool(fails)

    def _loop(self, node: code.Loop, scope: Scope) -> None:
        turns: Sequence[Value] = (Unknown(),)
        is_counted = False
        if node.source is not None:
            source = self.value(node.source, scope)
            if node.is_awaited:
                self.consume(source)
            turns = (Unknown(taints_of(source)),)
            if isinstance(source, ListValue):  # its elements, else one that is not known
                turns, is_counted = turns_of(self, source), not source.elements.open
        elif node.test is not None and self.truth(self.value(node.test, scope), scope) is False:
            return
        self.loops += node.source is None
        self.uncounted += not is_counted
        try:
            self._turn(node, turns, scope)
        finally:
            self.loops -= node.source is None
            self.uncounted -= not is_counted

    def _turn(self, node: code.Loop, turns: Sequence[Value], scope: Scope) -> None:
        before = self.path.other_way
        for turn in turns:
            inner = scope if is_python(scope.file) else Scope(scope.file, {}, scope)
            if node.pattern is not None:
                self.bind(node.pattern, turn, inner)
            self.lefts.append([])
            try:
                self.block(node.body, inner)
            except Left as left:
                if left.kind == "break":
                    break
            except Abrupt as abrupt:
                if not self.lefts[-1]:
                    raise
                self.leave_turn(abrupt)
            finally:
                self.lefts.pop()
                if not leaves(node.body, "return"):
                    self.path.other_way = before

    def _try(self, node: code.Try, scope: Scope) -> None:
        self.tries.append([])
        self.guards += [clause.place for clause in node.catches[:1]]
        pending: Abrupt | None = None
        try:
            self.block(node.body, self._inner(scope))
        except Abrupt as error:
            pending = error
        finally:
            del self.guards[len(self.guards) - len(node.catches[:1]) :]
        sides = self.tries.pop()
        if pending is None:
            try:
                self.block(node.otherwise, scope)
            except Abrupt as error:
                pending = error
        if isinstance(pending, Thrown):
            pending = self._caught(node, pending, scope)
        elif sides:
            side = next((way for way in sides if way.path.failed), sides[-1])
            pending = self._maybe_caught(node, side, pending, scope)
        self.ending += 1
        try:
            self.block(node.final, scope)
        finally:
            self.ending -= 1
        if pending is not None:
            raise pending

    def _inner(self, scope: Scope) -> Scope:
        return scope if is_python(scope.file) else Scope(scope.file, {}, scope)

    def _caught(self, node: code.Try, thrown: Thrown, scope: Scope) -> Abrupt | None:
        """Follow the clauses that catch an error; return the ending, the error where none does."""
        clause = clause_of(node.catches, thrown.value)
        if clause is None:
            return thrown
        failed = self._catches(node, clause, thrown, scope)
        inner = self._inner(scope)
        if clause.pattern is not None:
            self.bind(clause.pattern, thrown.value, inner)
        throws = len(self.tries[-1])
        self.catching += failed
        self.rescuing += 1
        ended: Abrupt | None = None
        try:
            self.block(clause.body, inner)
        except Abrupt as error:
            ended = error
        self.catching -= failed
        self.rescuing -= 1
        is_again = self.loops > 0 and leaves(node.body, "return", "break")
        is_again = is_again and leaves(clause.body, "return", "raise")
        is_tried_again = is_again and not isinstance(ended, Returned)
        is_told_apart = len(self.tries[-1]) > throws  # some errors are thrown on, others are none
        if failed and not isinstance(ended, Thrown) and (is_told_apart or is_tried_again):
            self.path.failed, self.path.caught = False, None
        if isinstance(ended, Thrown):
            rethrown = isinstance(ended.value, Unknown) and not ended.value.name
            return thrown if rethrown and not clause.types else ended
        if failed and ended is None:
            self._takes_another_way(node.body, FAILED, "return", "break")
        return ended

    def _takes_another_way(
        self, left_out: Sequence[code.Statement], taints: Taints, *ways: str
    ) -> None:
        """Take note that what follows is done because statements did not leave, as they would or may."""
        if surely_leaves(left_out, *ways):
            self.path.other_way |= taints
        elif leaves(left_out, *ways):
            self.path.other_way |= STALE

    def _catches(self, node: code.Try, clause: code.Catch, thrown: Thrown, scope: Scope) -> bool:
        """Take note that a clause catches the failure that is tried out, if it does."""
        is_it = Taint.FAILURE in taints_of(thrown.value)
        may_be = self.path.caught is None and not self.world.refused
        failed = self.path.failed and (is_it or may_be)
        if failed:
            self.catch(clause.place)
            leave_stale(self, node.body, scope, self.statement)
        return failed

    def _maybe_caught(
        self, node: code.Try, thrown: Exit, pending: Abrupt | None, scope: Scope
    ) -> Abrupt | None:
        """Follow a ``catch`` that may be needed, beside going on as if it were not."""
        error = thrown.abrupt

        def catch() -> None:
            inside = self.path.inside
            self.path = thrown.path.copy()
            self.path.inside = max(inside, self.path.inside)
            after = self._caught(node, error, scope) if isinstance(error, Thrown) else None
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
        code.Import: _import,
        code.Define: _defined,
        code.If: _if,
        code.Loop: _loop,
        code.Return: _return,
        code.Raise: _raise,
        code.Try: _try,
        code.Leave: _leave_loop,
        code.StatementBlock: _block,
    }
