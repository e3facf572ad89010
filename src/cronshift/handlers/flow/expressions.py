"""What expressions come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cronshift.handlers.flow import code
from cronshift.handlers.flow.calls import Calls
from cronshift.handlers.flow.code import UNDEFINED
from cronshift.handlers.flow.ledger import ABOUT_CALLER, CALLER
from cronshift.handlers.flow.members import key_of
from cronshift.handlers.flow.operations import operate
from cronshift.handlers.flow.values import (
    FAILED,
    Closure,
    Fields,
    Items,
    Kind,
    Plain,
    Scope,
    Unknown,
    Value,
    items_of,
    joined,
    tainted,
    taints_of,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Expressions(Calls):
    """Follows expressions."""

    def value(self, one: code.Expression, scope: Scope) -> Value:
        """Return what an expression comes to."""
        self.step()
        return self._EVALUATING[type(one)](self, one, scope)

    def _constant(self, one: code.Constant, _scope: Scope) -> Value:
        return Plain(one.value)

    def _name(self, one: code.Name, scope: Scope) -> Value:
        return self.lookup(one.name, scope)

    def _member(self, one: code.Member, scope: Scope) -> Value:
        return self.member_of(one, scope)[1]

    def _awaited(self, one: code.Awaited, scope: Scope) -> Value:
        held = self.value(one.value, scope)
        if isinstance(one.value, code.Call) and one.value.place in self.ledger.sites:
            self.ledger.sites[one.value.place].awaited = True
        return self.awaited(held)

    def _function(self, one: code.Function, scope: Scope) -> Value:
        return Closure(one, scope, self._this(scope) if one.is_arrow else None)

    def _class(self, one: code.ClassCode, scope: Scope) -> Value:
        return Kind(one, scope)

    def _joined(self, one: code.Joined, scope: Scope) -> Value:
        return operate(self, "join", [self.value(part, scope) for part in one.parts], scope)

    def _operation(self, one: code.Operation, scope: Scope) -> Value:
        held = [self.value(operand, scope) for operand in one.operands]
        return operate(self, one.operator, held, scope, one.place)

    def _several(self, one: code.Several, scope: Scope) -> Value:
        held = [self.value(part, scope) for part in one.parts]
        return held[-1] if one.is_value and held else Unknown(taints_of(*held))

    def _this(self, scope: Scope) -> Value | None:
        at: Scope | None = scope
        while at is not None:
            if "this" in at.names:
                return at.names["this"]
            at = at.parent
        return None

    def _logical(self, one: code.Logical, scope: Scope) -> Value:
        left = self.value(one.left, scope)
        known = self.truth(left, scope)
        if one.operator == "??":
            known = _is_there(left)
        if known is not None:
            takes_right = known if one.operator == "and" else not known
            right = self.value(one.right, scope) if takes_right else left
            return tainted(right, taints_of(left) & CALLER) if takes_right else left
        taints = taints_of(left)
        result = self.fork(
            taints,
            lambda: self.value(one.right, scope),
            lambda: left,
            about_caller=bool(taints & ABOUT_CALLER),
        )
        decided = result or Unknown()
        if one.operator == "and" and truth(decided) is None and isinstance(decided, Unknown):
            right_false = all(truth(part) is False or part is left for part in decided.alternatives)
            if right_false and decided.alternatives:
                return Plain(value=False, taints=taints_of(decided))
        if one.operator == "or" and isinstance(decided, Unknown) and decided.alternatives:
            rest = [part for part in decided.alternatives if not isinstance(part, Unknown)]
            if (
                rest
                and all(truth(part) is True for part in rest)
                and len(rest) < len(decided.alternatives)
            ):
                return Plain(value=True, taints=taints_of(decided))
        return tainted(decided, taints)

    def _choice(self, one: code.Choice, scope: Scope) -> Value:
        test = self.value(one.test, scope)
        known = self.truth(test, scope)
        if known is not None:
            chosen = self.value(one.yes if known else one.no, scope)
            return tainted(chosen, taints_of(test) & CALLER)
        taints = taints_of(test)
        result = self.fork(
            taints,
            lambda: self.value(one.yes, scope),
            lambda: self.value(one.no, scope),
            about_caller=bool(taints & ABOUT_CALLER),
        )
        return tainted(result or Unknown(), taints)

    def _record(self, one: code.Record, scope: Scope) -> Value:
        fields = Fields({})
        for key, value in one.entries:
            held = self.value(value, scope)
            name = key_of(self.value(key, scope)) if key is not None else None
            if name is not None:
                fields.cell[name] = held
            elif key is None and isinstance(held, Fields):
                fields.cell |= held.cell
                fields.open = fields.open or held.open
            else:
                fields.open = True
                fields.taints |= taints_of(held)
        return fields

    def _listed(self, one: code.Listed, scope: Scope) -> Value:
        values: list[Value] = []
        is_open = False
        for spread, item in one.items:
            held = self.value(item, scope)
            if spread and isinstance(held, Unknown) and held.alternatives:
                values += [
                    one
                    for part in held.alternatives
                    if isinstance(part, Items)
                    for one in part.held.values
                ]
                is_open = True
            elif spread and isinstance(held, Items):
                values += held.held.values
                is_open = is_open or held.held.open
            elif spread:
                is_open = True
            else:
                values.append(held)
        return items_of(*values, is_open=is_open)

    def _assigned(self, one: code.Assigned, scope: Scope) -> Value:
        if one.operator:
            old = (
                self.member_of(one.target, scope)[1]
                if isinstance(one.target, code.Member)
                else self.lookup(getattr(one.target, "name", ""), scope)
            )
            if one.operator in {"and", "or", "??"}:
                known = _is_there(old) if one.operator == "??" else truth(old)
                if known is (one.operator != "and"):
                    return old
                value = (
                    joined(old, self.value(one.value, scope))
                    if known is None
                    else self.value(one.value, scope)
                )
            else:
                value = operate(self, one.operator, [old, self.value(one.value, scope)], scope)
        else:
            value = self.value(one.value, scope)
        if self.catching:
            value = tainted(value, FAILED)
        self.bind(one.target, value, scope, declared=False)
        return value

    _EVALUATING: ClassVar[dict[type, Callable[..., Value]]] = {
        code.Constant: _constant,
        code.Name: _name,
        code.Member: _member,
        code.Call: Calls.call_of,
        code.Logical: _logical,
        code.Choice: _choice,
        code.Awaited: _awaited,
        code.Function: _function,
        code.ClassCode: _class,
        code.Record: _record,
        code.Listed: _listed,
        code.Assigned: _assigned,
        code.Joined: _joined,
        code.Operation: _operation,
        code.Several: _several,
    }


def _is_there(value: Value) -> bool | None:
    """Return whether a value is neither null nor undefined."""
    if isinstance(value, Plain):
        return value.value is not None and value.value is not UNDEFINED
    if isinstance(value, Unknown):
        told = {_is_there(one) for one in value.alternatives}
        return told.pop() if len(told) == 1 else None
    return True
