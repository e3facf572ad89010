"""The members of values, and assignments: to names, patterns and members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow import code
from cronshift.handlers.flow.code import UNDEFINED, Undefined
from cronshift.handlers.flow.memory import is_set_in
from cronshift.handlers.flow.names import NameLookup
from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    FAILED,
    NOTHING,
    Arguments,
    ClassValue,
    Closure,
    Elements,
    ListValue,
    Module,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Response,
    Scope,
    Taint,
    Unknown,
    Value,
    is_nobody,
    is_nothing,
    items_of,
    joined,
    key_of,
    tainted,
    taints_of,
)
from cronshift.handlers.flow.worlds import ANY, secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers.flow.machine import Machine

_DEEPEST_CLASS = 5
_MOST_FUNCTIONS = 4
_MOST_PARTS = 3
"""Values behind an unknown key that are told apart; of more, one may be none of these."""
SEVERAL = "one of several"
"""The name of a function that a computed key chooses, ``handlers[key]``."""


class Members(NameLookup):
    """The lookup of members, and the binding of patterns."""

    def bind(
        self,
        pattern: code.Pattern | code.Member,
        value: Value,
        scope: Scope,
        *,
        declared: bool = True,
    ) -> None:
        """Give a value to the names of a pattern."""
        match pattern:
            case code.NamePattern(name=name) if name:
                is_new = declared and not is_python(scope.file)
                target = scope if is_new else self._holder(name, scope)
                self.write(target.names, name, value)
            case code.Member():
                self._set_member(pattern, value, scope)
            case code.RecordPattern():
                self._bind_record(pattern, value, scope, declared=declared)
            case code.ListPattern():
                self._bind_list(pattern, value, scope, declared=declared)

    def _bind_record(
        self, pattern: code.RecordPattern, value: Value, scope: Scope, *, declared: bool
    ) -> None:
        for key, inner, default in pattern.entries:
            content = self.member(value, key_of(self.value(key, scope)) or "")
            self.bind(inner, self.defaulted(content, default, scope), scope, declared=declared)
        if pattern.rest:
            self.bind(code.NamePattern(pattern.rest), value, scope)

    def _bind_list(
        self, pattern: code.ListPattern, value: Value, scope: Scope, *, declared: bool
    ) -> None:
        contents = self.taken(value, len(pattern.entries))
        for (inner, default), item in zip(pattern.entries, contents, strict=True):
            if inner is not None:
                self.bind(inner, self.defaulted(item, default, scope), scope, declared=declared)
        if pattern.rest is not None:
            self.bind(pattern.rest, items_of(is_open=True, taints=taints_of(value)), scope)

    def _holder(self, name: str, scope: Scope) -> Scope:
        """Return the scope that has a name already; in Python the function's own."""
        at: Scope | None = scope
        while at is not None:
            if name in at.names:
                return at
            at = at.parent
        return scope

    def taken(self, value: Value, count: int) -> list[Value]:
        """Return the first items of a list."""
        if isinstance(value, ListValue):
            elements = value.elements
            missing: Value = Unknown(value.taints) if elements.open else NOTHING
            return [
                elements.values[n] if n < len(elements.values) else missing for n in range(count)
            ]
        return [Unknown(taints_of(value))] * count

    def defaulted(self, value: Value, default: code.Expression | None, scope: Scope) -> Value:
        """Return a value, or its default where there is none."""
        if default is None:
            return value
        if isinstance(value, PlainValue) and isinstance(value.value, Undefined):
            return tainted(self.value(default, scope), value.taints)
        return value

    def _set_member(self, target: code.Member, value: Value, scope: Scope) -> None:
        owner = self.value(target.owner, scope)
        key = self.value(target.key, scope)
        name, value = key_of(key), tainted(value, taints_of(key) & FAILED)
        if not isinstance(owner, ListValue | ObjectValue) or name is None:
            self.consume(value)  # a promise that is kept where it cannot be followed
        if isinstance(owner, ListValue):
            values = owner.elements.values
            self.write(owner.cell, "items", Elements((*values, value), open=True))
        elif isinstance(owner, ObjectValue) and name is not None:
            self.write(owner.cell, name, value)
        elif isinstance(owner, ObjectValue):
            owner.open = True
            owner.taints |= value.taints & FAILED
            owner.rest = owner.rest or _copied(key, value)
        elif name in {"statusCode", "status", "status_code"} and not isinstance(owner, PlainValue):
            code_set = value.value if isinstance(value, PlainValue) else None
            status = code_set if isinstance(code_set, int) else None
            if status is not None or isinstance(owner, NativeObject):  # no row's own status
                self.path.answered = Response(status, None, self.statement)
        elif Taint.FAILURE in value.taints:
            self.path.hangs = True

    def member_of(self, node: code.Member, scope: Scope) -> tuple[Value, Value]:
        """Return an owner and its member."""
        owner = self.value(node.owner, scope)
        key = self.value(node.key, scope)
        name = key_of(key)
        if is_nothing(owner) and not is_nobody(owner):
            if node.optional:
                return owner, PlainValue(UNDEFINED, owner.taints)
            raise Thrown(Unknown(owner.taints, name="TypeError"))
        is_index = name is None or name.isdecimal()
        if is_index and isinstance(owner, PlainValue) and isinstance(owner.value, str):
            return owner, _character(owner, owner.value, name)
        if name is None or (isinstance(owner, ListValue) and is_index):
            return owner, self._item(owner, key)
        return owner, self.member(owner, name)

    def _item(self, owner: Value, key: Value) -> Value:
        if (
            isinstance(owner, ListValue)
            and isinstance(key, PlainValue)
            and isinstance(key.value, int)
        ):
            return self.taken(owner, abs(key.value) + 1)[max(key.value, 0)]
        parts: Sequence[Value] = ()
        if isinstance(owner, ObjectValue) and not owner.open:
            parts = tuple(owner.cell.values())
        elif isinstance(owner, ListValue):
            parts = owner.elements.values
        functions = [part for part in parts if isinstance(part, Closure | Native)]
        if len(functions) > 1:
            several = tuple(functions) if len(functions) <= _MOST_FUNCTIONS else ()
            return Unknown(taints_of(owner, key), several, name=SEVERAL)
        others = (Unknown(taints_of(owner, key)),) if len(parts) > _MOST_PARTS else ()
        return Unknown(taints_of(owner, key), (*parts[:_MOST_PARTS], *others))

    def member(self, owner: Value, name: str) -> Value:
        """Return a member of a value."""
        if isinstance(owner, ObjectValue) and name in owner.cell:
            return self._got(owner.cell[name], owner)
        if isinstance(owner, Unknown) and owner.alternatives:
            return self._of_one(owner, name)
        content = self._defined_member(owner, name)
        if content is None:
            content = self.built_in(self.machine, owner, name)
        if content is not None:
            return self._got(content, owner)
        if isinstance(owner, ObjectValue) and owner.rest is not None:
            return self.member(owner.rest, name)
        is_whole = isinstance(owner, ObjectValue) and owner.of is None and not owner.open
        return (
            PlainValue(UNDEFINED, owner.taints)
            if is_whole
            else Unknown(taints_of(owner), name=name)
        )

    def _got(self, content: Value, owner: Value) -> Value:
        """Return a member's value: what a getter returns of it."""
        if not isinstance(content, Closure) or not content.function.is_getter:
            return content
        getter = Closure(content.function, content.scope, content.this or owner)
        return self.machine.call(getter, Arguments((), {}, content.function.place))

    def _defined_member(self, owner: Value, name: str) -> Value | None:
        """Return a member that the project's code defines."""
        if isinstance(owner, ObjectValue):
            return self.method(owner, owner.of, name)
        if isinstance(owner, ClassValue):
            return self.method(owner, owner, name)
        if isinstance(owner, Module):
            exported = self.exported(owner.file, name)
            return exported if exported is not None else self._of_module(owner.file, name)
        return None

    def _of_module(self, file: str, name: str) -> Value | None:
        """Return a member that no export of a module is: a module in its folder, or of CommonJS's one export."""
        if is_python(file):
            return self._submodule(file, name)
        whole = self.exported(file, "default") if name != "default" else None
        is_read = isinstance(whole, ObjectValue | ClassValue | Closure)
        return self.member(whole, name) if whole is not None and is_read else None

    def _of_one(self, owner: Unknown, name: str) -> Value:
        """Return the member of a value that is one of a few."""
        parts = [
            self.member(alternative, name)
            for alternative in owner.alternatives
            if not is_nothing(alternative)
        ]
        whole: Value = parts[0] if parts else Unknown(owner.taints, name=name)
        for part in parts[1:]:
            whole = joined(whole, part)
        return tainted(whole, owner.taints)

    def _submodule(self, file: str, name: str) -> Value | None:
        folder = file.rpartition("/")[0].replace("/", ".")
        inner = self.program.file_of(file, f"{folder}.{name}" if folder else name)
        return Module(inner) if inner is not None else None

    def method(self, owner: Value, kind: ClassValue | None, name: str) -> Value | None:
        """Return a method or a field of an instance, its base classes' too."""
        for defining in self.kinds(kind):
            for method in defining.code.methods:
                if method.name == name:
                    return Closure(method, defining.scope, owner)
            for field_name, value in defining.code.fields:
                if field_name == name:
                    field = self.value(value, defining.scope)
                    is_unset = isinstance(field, PlainValue) and field.value is None
                    if isinstance(owner, ObjectValue) and isinstance(
                        field, ListValue | ObjectValue
                    ):
                        self.write(owner.cell, name, field)  # each instance has its own
                    return Unknown() if is_unset and self._is_set(defining, name) else field
        return None

    def _is_set(self, kind: ClassValue, field: str) -> bool:
        """Return whether a field that begins as nothing is given its value by a method; in Python, by whatever."""
        file = kind.scope.file
        return is_python(file) or is_set_in(self.program.tree.read(file), field)

    def kinds(self, kind: ClassValue | None) -> Iterator[ClassValue]:
        """Yield a class, and the project's classes behind it."""
        for _ in range(_DEEPEST_CLASS):
            if kind is None:
                return
            yield kind
            base = self.value(kind.code.bases[0], kind.scope) if kind.code.bases else None
            kind = base if isinstance(base, ClassValue) else None


def _character(owner: PlainValue, text: str, index: str | None) -> Value:
    """Return a character of a text; of one that stands for another, all of it: they are compared one by one."""
    if ANY in text or secrets_in(text):
        return owner
    if index is None:
        return Unknown(owner.taints)
    return PlainValue(text[int(index[:9]) :][:1] or UNDEFINED, owner.taints)


def _copied(key: Value, value: Value) -> Value | None:
    """Return the headers or the query that an object is given name by name, if that is what it is given."""
    from cronshift.handlers.flow.requests import HEADERS, QUERY

    shared = taints_of(key) & taints_of(value) if isinstance(value, Unknown) else frozenset()
    if Taint.CREDENTIAL in shared:
        return HEADERS
    return QUERY if Taint.QUERY in shared else None


def spread(fields: ObjectValue, content: Value) -> None:
    """Give an object all that another value has; where what that has is open, it may be any of the object's own."""
    if isinstance(content, Unknown | NativeObject) or (
        isinstance(content, ObjectValue) and content.open
    ):
        other = Unknown(taints_of(content))
        fields.cell |= {name: joined(value, other) for name, value in fields.cell.items()}
    if isinstance(content, ObjectValue):
        fields.cell |= content.cell
        fields.open = fields.open or content.open
        fields.rest = content.rest or fields.rest
        return
    fields.open = True
    fields.taints |= taints_of(content)
    if isinstance(content, NativeObject):
        fields.rest = content


def assigned(machine: Machine, arguments: Arguments) -> Value:
    """Read ``Object.assign(target, …)``, which gives the target what the others have."""
    whole, target = ObjectValue({}), arguments.at(0)
    for source in arguments.values:
        spread(whole, source)
    if not isinstance(target, ObjectValue):
        return whole
    for name, value in whole.cell.items():
        machine.write(target.cell, name, value)
    target.open, target.rest = whole.open, whole.rest
    return target
