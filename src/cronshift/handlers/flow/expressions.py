"""The values of expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cronshift.handlers.flow import code
from cronshift.handlers.flow.calls import Calls, this_in
from cronshift.handlers.flow.ledger import ABOUT_CALLER, CALLER
from cronshift.handlers.flow.members import spread
from cronshift.handlers.flow.names import MOST_STEPS
from cronshift.handlers.flow.operations import operate
from cronshift.handlers.flow.paths import Exhausted
from cronshift.handlers.flow.refusals import decides_by_failure, failing_side, marked, of_failure
from cronshift.handlers.flow.stale import leave_stale
from cronshift.handlers.flow.values import (
    CLEAN,
    FAILED,
    ClassValue,
    Closure,
    ListValue,
    NativeObject,
    ObjectValue,
    PlainValue,
    Scope,
    Taint,
    Unknown,
    Value,
    is_nothing,
    items_of,
    joined,
    key_of,
    tainted,
    taints_of,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Expressions(Calls):
    """The part of the machine that follows expressions."""

    def value(self, node: code.Expression, scope: Scope) -> Value:
        """Return the value of an expression."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Exhausted
        return self._EVALUATING[type(node)](self, node, scope)

    def _constant(self, node: code.Constant, _scope: Scope) -> Value:
        return PlainValue(node.value)

    def _name(self, node: code.Name, scope: Scope) -> Value:
        return self.lookup(node.name, scope)

    def _member(self, node: code.Member, scope: Scope) -> Value:
        return self.member_of(node, scope)[1]

    def _awaited(self, node: code.Awaited, scope: Scope) -> Value:
        value = self.value(node.value, scope)
        if isinstance(node.value, code.CallExpression):
            self.wait(node.value.place)
        return self.awaited(value)

    def _function(self, node: code.Function, scope: Scope) -> Value:
        return Closure(node, scope, this_in(scope) if node.is_arrow else None)

    def _class(self, node: code.ClassCode, scope: Scope) -> Value:
        return ClassValue(node, scope)

    def _joined(self, node: code.Joined, scope: Scope) -> Value:
        return operate(self, "join", [self.value(part, scope) for part in node.parts], scope)

    def _operation(self, node: code.OperatorExpression, scope: Scope) -> Value:
        operands = [self.value(operand, scope) for operand in node.operands]
        return operate(self, node.operator, operands, scope, node.place)

    def _several(self, node: code.SequenceExpression, scope: Scope) -> Value:
        values = [self.value(part, scope) for part in node.parts]
        return values[-1] if node.is_value and values else Unknown(taints_of(*values))

    def _logical(self, node: code.Logical, scope: Scope) -> Value:
        left = self.value(node.left, scope)
        decides = self.truth(left, scope)
        if node.operator == "??":
            decides = _is_there(left)
        if decides is not None:
            takes_right = decides if node.operator == "and" else not decides
            right = self._instead_of(left, node, scope) if takes_right else left
            kept = CALLER if node.operator == "and" else CALLER | {Taint.SECRET}
            made = isinstance(right, Unknown) and node.operator != "and"  # no part of a credential
            return tainted(right, taints_of(left) & kept) if takes_right and not made else right
        taints = taints_of(left)
        rights: list[Value] = []

        failing = failing_side(self.machine, left)

        def follow_right() -> Value:
            rights.append(self._instead_of(left, node, scope))
            return rights[-1]

        def keep_left() -> Value:
            self.path.failed = self.path.failed and failing is not False
            return left

        about_caller = bool(taints & ABOUT_CALLER)
        result = self.fork(taints, follow_right, keep_left, about_caller=about_caller)
        decided = result or Unknown()
        if node.operator != "and" and rights and _is_unknown_list(left, rights[0]):
            return items_of(is_open=True, taints=taints)
        if node.operator == "and" and rights and self.truth(rights[0], scope) is False:
            return PlainValue(value=False, taints=taints_of(decided))
        if node.operator == "or" and isinstance(decided, Unknown) and decided.alternatives:
            rest = [part for part in decided.alternatives if not isinstance(part, Unknown)]
            if (
                rest
                and all(isinstance(part, PlainValue) and part.value is True for part in rest)
                and len(rest) < len(decided.alternatives)
            ):
                return PlainValue(value=True, taints=taints_of(decided))
        return tainted(decided, taints)

    def _instead_of(self, left: Value, node: code.Logical, scope: Scope) -> Value:
        """Return the other side of ``a || b``: what it asks for is asked because the one side failed."""
        asks = isinstance(node.right, code.CallExpression | code.Awaited)
        failed = decides_by_failure(self.machine, left) or failing_side(self.machine, left) is False
        if node.operator == "and" or not asks or not failed:
            return self.value(node.right, scope)
        before = self.path.other_way
        self.path.other_way |= taints_of(left)
        right = self.value(node.right, scope)
        self.path.other_way = before
        return right

    def _choice(self, node: code.Choice, scope: Scope) -> Value:
        test = self.value(node.test, scope)
        decides = self.truth(test, scope)
        if decides is not None:
            chosen_node = node.yes if decides else node.no
            if decides_by_failure(self.machine, test):
                self.path.decided = self.path.decided or node.place
                leave_stale(self.machine, [node.no if decides else node.yes], scope, node.place)
                with self.because(taints_of(test)):
                    chosen = of_failure(self.machine, self.value(chosen_node, scope))
            else:
                chosen = self.value(chosen_node, scope)
            return tainted(chosen, taints_of(test) & CALLER)
        taints = taints_of(test)
        result = self.fork(
            taints,
            lambda: self.value(node.yes, scope),
            lambda: self.value(node.no, scope),
            about_caller=bool(taints & ABOUT_CALLER),
        )
        return tainted(result or Unknown(), taints)

    def _record(self, node: code.ObjectExpression, scope: Scope) -> Value:
        fields = ObjectValue({})
        for key, value in node.entries:
            content = self.value(value, scope)
            name = key_of(self.value(key, scope)) if key is not None else None
            if name is not None:
                fields.cell[name] = content
            elif key is None and isinstance(content, Unknown) and content.alternatives:
                _spread(fields, content)
            elif key is None:
                spread(fields, content)
            else:
                fields.open = True
                fields.taints |= taints_of(content)
        return of_failure(self.machine, fields, node) if self.in_trouble else fields

    def _listed(self, node: code.Listed, scope: Scope) -> Value:
        values: list[Value] = []
        is_open, taints = False, CLEAN
        for is_spread, item in node.items:
            content = self.value(item, scope)
            if is_spread and isinstance(content, Unknown) and content.alternatives:
                values += [
                    element
                    for part in content.alternatives
                    if isinstance(part, ListValue)
                    for element in part.elements.values
                ]
                is_open = True
            elif is_spread and isinstance(content, ListValue):
                values += content.elements.values
                is_open = is_open or content.elements.open
            elif is_spread:
                is_open = True
                taints |= taints_of(content) if isinstance(content, NativeObject) else CLEAN
            else:
                values.append(content)
        listed = items_of(*values, is_open=is_open, taints=taints)
        return of_failure(self.machine, listed) if self.in_trouble else listed

    def _assigned(self, node: code.Assigned, scope: Scope) -> Value:
        if node.operator:
            old = (
                self.member_of(node.target, scope)[1]
                if isinstance(node.target, code.Member)
                else self.lookup(getattr(node.target, "name", ""), scope)
            )
            if node.operator in {"and", "or", "??"}:
                decides = _is_there(old) if node.operator == "??" else truth(old)
                if decides is (node.operator != "and"):
                    return old
                value = (
                    joined(old, self.value(node.value, scope))
                    if decides is None
                    else self.value(node.value, scope)
                )
            else:
                value = operate(self, node.operator, [old, self.value(node.value, scope)], scope)
        else:
            value = self.value(node.value, scope)
        if self.in_trouble:
            value = (
                marked(self.machine, value)
                if isinstance(value, PlainValue)
                else tainted(value, FAILED)
            )
        self.bind(node.target, value, scope, declared=False)
        return value

    _EVALUATING: ClassVar[dict[type, Callable[..., Value]]] = {
        code.Constant: _constant,
        code.Name: _name,
        code.Member: _member,
        code.CallExpression: Calls.call_of,
        code.Logical: _logical,
        code.Choice: _choice,
        code.Awaited: _awaited,
        code.Function: _function,
        code.ClassCode: _class,
        code.ObjectExpression: _record,
        code.Listed: _listed,
        code.Assigned: _assigned,
        code.Joined: _joined,
        code.OperatorExpression: _operation,
        code.SequenceExpression: _several,
    }


def _spread(fields: ObjectValue, content: Unknown) -> None:
    """Take over the fields of an object that is one of a few."""
    fields.open = True
    fields.taints |= content.taints
    for part in content.alternatives:
        for name, value in part.cell.items() if isinstance(part, ObjectValue) else ():
            fields.cell[name] = joined(fields.cell[name], value) if name in fields.cell else value


def _is_unknown_list(left: Value, right: Value) -> bool:
    """Return whether ``data ?? []`` is a list of which nothing is known."""
    is_empty = isinstance(right, ListValue) and not right.elements.values
    return is_empty and isinstance(left, Unknown) and not left.alternatives


def _is_there(value: Value) -> bool | None:
    """Return whether a value is neither null nor undefined."""
    if isinstance(value, PlainValue):
        return not is_nothing(value)
    if isinstance(value, Unknown):
        answers = {_is_there(alternative) for alternative in value.alternatives}
        return answers.pop() if len(answers) == 1 else None
    return True
