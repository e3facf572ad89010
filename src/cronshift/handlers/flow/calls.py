"""The values of calls: a function of the project is followed with its arguments."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from cronshift.handlers.flow import code
from cronshift.handlers.flow.code import UNDEFINED, CodePlace
from cronshift.handlers.flow.environment import settings_of
from cronshift.handlers.flow.injection import injected_value
from cronshift.handlers.flow.ledger import ABOUT_CALLER
from cronshift.handlers.flow.members import SEVERAL, Members
from cronshift.handlers.flow.paths import Abrupt, Exit, Returned, Thrown, answer_apart, met
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.several import keep_together
from cronshift.handlers.flow.values import (
    CLEAN,
    NOTHING,
    Arguments,
    ClassValue,
    Closure,
    ListValue,
    Module,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Promise,
    Response,
    Scope,
    Taint,
    Unknown,
    Value,
    is_nobody,
    is_nothing,
    items_of,
    joined,
    tainted,
    taints_of,
)
from cronshift.handlers.flow.work import records, says_only, tries_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cronshift.handlers.flow.machine import Machine


class Calls(Members):
    """The part of the machine that follows calls."""

    def call_of(self, node: code.CallExpression, scope: Scope) -> Value:
        """Return the value of a call, its arguments evaluated first."""
        owner: Value | None = None
        if isinstance(node.called, code.Member):
            owner, called = self.member_of(node.called, scope)
        else:
            called = self.value(node.called, scope)
        if node.optional and is_nothing(called) and not is_nobody(called):
            return PlainValue(UNDEFINED, called.taints)
        values: list[Value] = []
        named: dict[str, Value] = {}
        for keyword, argument in node.arguments:
            value = self.value(argument, scope)
            if keyword in {"*", "**"}:
                values += value.elements.values if isinstance(value, ListValue) else [value]
            elif keyword:
                named[keyword] = value
            else:
                values.append(value)
        arguments = Arguments(tuple(values), named, node.place, code.called_name(node.called))
        if isinstance(called, Closure) and called.this is None and owner is not None:
            called = Closure(called.function, called.scope, owner)
        return self.call(called, arguments, new=node.new)

    def call(self, called: Value, arguments: Arguments, *, new: bool = False) -> Value:
        """Return the value of a call."""
        self.step()
        if isinstance(called, Module):  # of CommonJS, `module.exports = wrap`
            called = self.exported(called.file, "default") or called
        if is_nobody(called):
            return called
        if isinstance(called, Unknown) and called.alternatives:
            result = self._alternative_called(called, arguments, new=new)
            if result is not None:
                return result
        self._doubt_several(called, arguments)
        if isinstance(called, Native) or (
            isinstance(called, NativeObject) and called.call is not None
        ):
            return called.call(self.machine, arguments) if called.call is not None else NOTHING
        if isinstance(called, ClassValue):
            return self._instance(called, arguments)
        if isinstance(called, Closure):
            return self._closure(called, arguments)
        if isinstance(called, Response):  # an answer of ASGI is called to be sent
            self.path.answered = self.path.answered or called
            return NOTHING
        return self.outside(self.machine, called, arguments, new)

    def _alternative_called(
        self, called: Unknown, arguments: Arguments, *, new: bool
    ) -> Value | None:
        """Return the value of a call to one of a few, where functions are among them."""
        functions = [part for part in called.alternatives if isinstance(part, Closure | Native)]
        if len(functions) > 1:
            return self._one_called(called, functions, arguments)
        if not functions:
            return None
        result = self.call(functions[0], arguments, new=new)
        if all(is_nothing(other) for other in called.alternatives if other is not functions[0]):
            return result
        if isinstance(result, ListValue) and isinstance(functions[0], Native):
            return items_of(*result.elements.values, is_open=True, taints=result.taints)
        is_one = not isinstance(result, PlainValue)
        return result if is_one else joined(result, Unknown(taints_of(called)))

    def _one_called(
        self, called: Unknown, functions: Sequence[Value], arguments: Arguments
    ) -> Value:
        """Follow each of several functions of which one is called, which one nobody can tell."""
        self._doubt_several(called, arguments)
        first, *others = functions
        if not others:
            return self.call(first, arguments)
        results: list[Value] = []

        def call(function: Sequence[Value]) -> Value:
            results.append(self._one_called(Unknown(called.taints), function, arguments))
            return results[-1]

        result = self.fork(
            taints_of(called), lambda: call([first]), lambda: call(others), about_caller=False
        )
        whole = result or Unknown(taints_of(called))
        keep_together(self.machine, whole, results)
        return whole

    def _doubt_several(self, called: Value, arguments: Arguments) -> None:
        """Take note that what one of several functions asks of the caller another may not ask."""
        if not isinstance(called, Unknown) or called.name != SEVERAL or self.ledger.comparisons:
            return
        if (
            any(isinstance(value, NativeObject) for value in arguments.values)
            or arguments.taints & ABOUT_CALLER
        ):
            self.path.doubts |= {f"calls one of several by {arguments.name}"}

    def _instance(self, kind: ClassValue, arguments: Arguments) -> Value:
        settings = settings_of(self.machine, kind)
        if settings is not None:
            return settings
        made = ObjectValue({}, of=kind)
        made.open = any(
            not isinstance(self.value(b, kind.scope), ClassValue) for b in kind.code.bases
        )
        if is_python(kind.scope.file) and self.method(made, kind, "__init__") is None:
            fields = [name for each in self.kinds(kind) for name, _ in each.code.fields]
            made.cell |= dict(zip(fields, arguments.values, strict=False)) | dict(arguments.named)
        return self._constructed(made, kind, arguments)

    def _constructed(self, made: ObjectValue, kind: ClassValue, arguments: Arguments) -> Value:
        """Follow the constructor of a class on an instance of it, or of a class behind which it is."""
        for name in ("constructor", "__init__"):
            method = self.method(made, kind, name)
            if isinstance(method, Closure):
                for parameter, value in zip(
                    method.function.parameters, arguments.values, strict=False
                ):
                    if isinstance(parameter.pattern, code.NamePattern) and name == "constructor":
                        made.cell.setdefault(parameter.pattern.name, value)
                self.invoke(method, arguments)
        return made

    def parent(self, scope: Scope) -> Value | None:
        """Return ``super`` as it is in a method, where the class behind it is the project's."""
        this = this_in(scope)
        kinds = list(self.kinds(this.of)) if isinstance(this, ObjectValue) else []
        for function in reversed(self._active):
            for kind, base in pairwise(kinds):
                if any(method is function for method in kind.code.methods):
                    return self._behind(cast("ObjectValue", this), base)
        return None

    def _behind(self, this: ObjectValue, base: ClassValue) -> NativeObject:
        """Return the methods of a class, as ``super`` calls them on an instance of another."""

        def call(_machine: Machine, arguments: Arguments) -> Value:
            if is_python(base.scope.file):
                return whole
            return self._constructed(this, base, arguments)

        whole = NativeObject("super", lambda _m, name: self.method(this, base, name), call=call)
        return whole

    def _closure(self, called: Closure, arguments: Arguments) -> Value:
        """Call a function of the project, and take note of it."""
        function, place = called.function, arguments.place
        gives_promise = function.is_async and not function.is_generator
        is_step = self.depth > 0 or self.loading
        if is_step and not self.loading and called.function.name:
            name = arguments.name or function.name
            telling = self.is_telling(name, arguments)
            is_helper = self.in_trouble and Taint.LOUD in arguments.taints  # it gets the error
            if not is_helper or records(name) or tries_again(name):
                self.visit(place, name, followed=True, telling=telling)
            if self.fails(place):
                is_promised = gives_promise or not is_python(place.file)
                return self.failure(place, arguments.name, promised=is_promised)
        if is_step and self.world.turns and says_only(arguments.name):
            return Unknown()  # all is too much, and a line of a log the least of it
        if not gives_promise:
            return self.invoke(called, arguments)
        return self.promised(place, arguments.name, lambda: self.invoke(called, arguments))

    def promised(self, place: CodePlace, name: str, run: Callable[[], Value]) -> Promise:
        """Return the promise of work that is started here."""
        self.within.append(place)
        self.tries.append([])
        rejected, answered = False, self.path.answered
        value: Value
        try:
            value = run()
        except Thrown as thrown:
            value, rejected = thrown.value, True
        finally:
            self.within.pop()
            errors = self.tries.pop()
        self.consume(value)
        if isinstance(value, Promise):
            rejected = rejected or value.rejected
            errors += value.errors
            value = value.value
        made = self.promise(value, place, name, rejected=rejected)
        made.errors = tuple(errors)
        if answered is None and self.path.answered is not None:
            self.consume(made)  # the caller waits for the answer that is given in it
        return made

    def wait_for(self, value: Value) -> None:
        """Take note that the call which gave a value is waited for; of a list, each of its elements'."""
        if isinstance(value, ListValue):
            for part in value.elements.values:
                self.wait_for(part)
        elif id(value) in self.ledger.results:
            self.wait(self.ledger.results[id(value)][1])

    def awaited(self, value: Value) -> Value:
        """Return the value that a promise resolves to; the error that it rejects with is thrown."""
        self.consume(value)
        self.wait_for(value)
        if isinstance(value, Unknown) and any(isinstance(a, Promise) for a in value.alternatives):
            parts = tuple(a.value if isinstance(a, Promise) else a for a in value.alternatives)
            return Unknown(value.taints, parts)
        if not isinstance(value, Promise):
            return value
        self.tries[-1] += value.errors
        value.errors = ()
        if value.rejected:
            if Taint.FAILURE in value.value.taints:
                self.path.caught = None
            raise Thrown(value.value)
        return value.value

    def invoke(self, called: Closure, arguments: Arguments) -> Value:
        """Follow a function of the project."""
        function = called.function
        is_deepest = len(self._active) >= self.world.deepest
        self.ledger.cut = self.ledger.cut or is_deepest
        if is_deepest or self._active.count(function) > 1:
            return Unknown(arguments.taints)
        scope = Scope(called.scope.file, {}, called.scope)
        if called.this is not None:
            scope.names["this"] = called.this
        self.frames.append([])
        self.control.append(CLEAN)
        inside, hinged = self.path.inside, self.path.hinged
        ended: Abrupt | None = None
        result: Value = NOTHING
        try:
            with self._entered(function, arguments):
                self._parameters(called, arguments, scope)
                self.block(function.body(), scope)
                result = Unknown() if function.is_generator else NOTHING  # what it yields
        except Returned as returned:
            result, self.left_at = returned.value, returned.place
        except Thrown as thrown:
            ended = thrown
        finally:
            sides, control = self.frames.pop(), self.control.pop()
        if ended is not None and not sides:
            raise ended
        exits = list(sides)
        if ended is not None:
            self.tries[-1].append(Exit(ended, self.path))
        else:
            exits.append(Exit(Returned(result, self.left_at), self.path))
        for way in exits:
            if isinstance(way.abrupt, Returned) and not isinstance(way.abrupt.value, Response):
                way.path.hinged = hinged  # what it gives tells the caller of the failure
        if len(exits) == 1 and ended is None:
            self.path.inside = inside
            return result
        return self._one_of(exits, control, inside)

    @contextmanager
    def _entered(self, function: code.Function, arguments: Arguments) -> Iterator[None]:
        """Follow what is inside of a function, and go on where it was called."""
        self.ledger.entered[arguments.place] = function
        self.ledger.files.add(function.place.file)
        self._active.append(function)
        self.calls.append(arguments.place)
        self.called.append(arguments.name)
        telling = self.is_telling(arguments.name or function.name, arguments)
        statement, loops, other_way = self.statement, self.loops, self.path.other_way
        self.depth, self.telling, self.loops = self.depth + 1, self.telling + telling, 0
        try:
            yield
        finally:
            self._active.pop()
            self.calls.pop()
            self.called.pop()
            self.depth, self.telling = self.depth - 1, self.telling - telling
            self.statement, self.loops = statement, loops
            self.path.other_way = other_way

    def _one_of(self, exits: list[Exit], control: frozenset[Taint], inside: int) -> Value:
        """Return the value of a function with several ways out: where one failed, of those that did."""
        failed = [way for way in exits if way.path.failed]
        exits = failed or exits  # what is tried out is what becomes of the failure
        values = [way.abrupt.value for way in exits if isinstance(way.abrupt, Returned)]
        whole = values[0]
        for value in values[1:]:
            whole = joined(whole, value)
        kept = whole.alternatives if isinstance(whole, Unknown) else (whole,)
        for value in values:  # of too many ways the last are not kept: somebody may wait for them
            if not any(value is part for part in kept):
                self.consume(value)
        # Only what the caller can see of it hangs on what decided.
        parted = bool(control & ABOUT_CALLER) or answer_apart(way.path for way in exits)
        if parted and not isinstance(whole, Unknown):
            whole = Unknown(taints_of(whole), (whole,))
        whole = tainted(whole, control)
        other_way = self.path.other_way
        self.path = met(way.path for way in exits)
        self.path.inside, self.path.other_way = inside, other_way
        if isinstance(whole, Unknown):
            self.splits[id(whole)] = (whole, exits)
        return whole

    def _parameters(self, called: Closure, arguments: Arguments, scope: Scope) -> None:
        """Give the arguments of a call to the parameters of a function."""
        values = list(arguments.values)
        parameters = called.function.parameters
        if called.this is not None and is_python(called.scope.file) and parameters:
            first = parameters[0].pattern
            if isinstance(first, code.NamePattern) and first.name in {"self", "cls"}:
                values.insert(0, called.this)
        for number, parameter in enumerate(parameters):
            name = getattr(parameter.pattern, "name", "")
            if parameter.kind == "*":
                self.bind(parameter.pattern, items_of(*values[number:]), scope)
            elif parameter.kind == "**":
                self.bind(parameter.pattern, ObjectValue(dict(arguments.named), open=True), scope)
            elif number < len(values):
                self.bind(
                    parameter.pattern,
                    self.defaulted(values[number], parameter.default, scope),
                    scope,
                )
            elif name in arguments.named:
                self.bind(parameter.pattern, arguments.named[name], scope)
            else:
                left_out = self._left_out(parameter, called.scope, injected=arguments.injected)
                self.bind(parameter.pattern, left_out, scope)

    def _left_out(self, parameter: code.Parameter, scope: Scope, *, injected: bool) -> Value:
        """Return the value of a parameter that a call leaves out."""
        if not is_python(scope.file):
            default = parameter.default
            return self.value(default, scope) if default is not None else NOTHING
        return injected_value(self.machine, parameter, scope, by_framework=injected)


def this_in(scope: Scope) -> Value | None:
    """Return the instance whose method a scope is in."""
    at: Scope | None = scope
    while at is not None and "this" not in at.names:
        at = at.parent
    return at.names["this"] if at is not None else None
