"""Follows code with one request in one environment, as far as the files tell what happens.

Nothing is executed: values are what ``values`` can say of them, both sides are followed where a
condition is not known, and what is too much to follow ends as :class:`~.paths.Exhausted`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cronshift.handlers.flow import code
from cronshift.handlers.flow.code import UNDEFINED, Place
from cronshift.handlers.flow.environment import elsewhere, settings_of
from cronshift.handlers.flow.paths import (
    Abrupt,
    Exhausted,
    Exit,
    Forks,
    Left,
    Path,
    Returned,
    Thrown,
    met,
)
from cronshift.handlers.flow.program import Imported, Program, is_python
from cronshift.handlers.flow.work import is_side_work, records, works
from cronshift.handlers.flow.values import (
    CLEAN,
    NOTHING,
    Answer,
    Arguments,
    Closure,
    Elements,
    Fields,
    Items,
    Kind,
    Module,
    Native,
    Outside,
    Plain,
    Promise,
    Scope,
    Taint,
    Thing,
    Unknown,
    Value,
    items_of,
    joined,
    tainted,
    taints_of,
    text_of,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cronshift.handlers.flow.worlds import World

MOST_STEPS = 10_000
_DEEPEST = 14  # calls inside calls
_MOST_TURNS = 6  # of a loop over a list that is known
CALLER = frozenset({Taint.CREDENTIAL, Taint.QUERY, Taint.REQUEST})
_FAILURE = frozenset({Taint.FAILURE})
_ABOUT_CALLER = frozenset({Taint.CREDENTIAL, Taint.REQUEST})


@dataclass(frozen=True, slots=True)
class Comparison:
    """A credential of the request, compared with a secret.

    Attributes:
        equal: how it came out; ``None`` where that is not known.
        secrets: the variables that it was compared with.
        sites: how many calls had been reached by then.
    """

    place: Place
    equal: bool | None
    secrets: tuple[str, ...] = ()
    constant_time: bool = False
    sites: int = 0


@dataclass(slots=True)
class Site:
    """A call that begins work, or may.

    Attributes:
        name: what is called.
        guarded: whether a ``try`` of the project stands around it.
        awaited: whether it is waited for where it stands.
        depth: how many functions of the project were entered to get there.
        followed: whether it was followed into the project.
        within: the promises that it is part of.
        beside: whether it is part of a matter beside the work, a log of the run.
    """

    place: Place
    name: str
    guarded: bool
    depth: int
    followed: bool
    awaited: bool = False
    within: tuple[Place, ...] = ()
    written: str = ""
    beside: bool = False


@dataclass(slots=True)
class Ledger:
    """What is noted while code is followed.

    Attributes:
        consumed: the promises that somebody waits for, by identity.
        chained: what a promise was made into, by ``.then`` and its like.
        later: what was handed to ``after``: its place, its name, whether it is only side work.
        shielded: the calls whose failure a promise's chain catches, and where.
        asked: what was read of the request, and where first.
    """

    sites: dict[Place, Site] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    consumed: set[int] = field(default_factory=set)
    chained: dict[int, Promise] = field(default_factory=dict)
    later: list[tuple[Place, str, bool]] = field(default_factory=list)
    shielded: dict[Place, Place] = field(default_factory=dict)
    asked: dict[str, Place] = field(default_factory=dict)

    def left(self) -> list[Promise]:
        """Return the promises that nobody waits for."""
        bases = {id(made): base for base, made in self.chained.items()}
        return [
            one
            for one in self.promises
            if id(one) not in self.consumed
            and id(one) not in self.chained
            and bases.get(id(one)) not in self.consumed
        ]


class Machine(Forks):
    """Follows one request.

    Args:
        program: the project's code.
        world: the request and the environment.
        builtins: what names mean that no file defines.
        member: what a member of a value is whose kind is built in.
    """

    def __init__(
        self,
        program: Program,
        world: World,
        builtins: Mapping[str, Value],
        member: Callable[[Machine, Value, str, Place], Value | None],
        outside: Callable[[Machine, Value, Arguments, bool], Value],
    ) -> None:
        super().__init__()
        self.program, self.world = program, world
        self.ledger = Ledger()
        self.statement: Place | None = None
        self.left_at: Place | None = None
        self.depth = 0
        self.loading = 0
        self.within: list[Place] = []
        self.catching = self.loops = 0
        self.builtins, self._member, self._outside = builtins, member, outside
        self.steps = 0
        self._active: list[code.Function] = []
        self._modules: dict[str, Scope] = {}
        self._resolving: set[tuple[str, str]] = set()

    # names

    def module(self, file: str) -> Scope:
        """Return the names of a module."""
        if file not in self._modules:
            self._modules[file] = Scope(file, {}, is_module=True)
        return self._modules[file]

    def lookup(self, name: str, scope: Scope) -> Value:
        """Return what a name stands for."""
        at: Scope | None = scope
        while at is not None:
            if name in at.names:
                return at.names[name]
            if at.is_module:
                found = self.own(at.file, name)
                if found is not None:
                    return found
            at = at.parent
        return self.builtins.get(name) or Outside(name)

    def own(self, file: str, name: str) -> Value | None:
        """Return what a module's own or imported name stands for; ``None`` where it has none."""
        scope = self.module(file)
        if name in scope.names:
            return scope.names[name]
        key = (file, name)
        if key in self._resolving:
            return Unknown()
        self._resolving.add(key)
        try:
            made = self.program.definition(file, name)
            if made is not None:
                self._loaded(made, scope)
                return scope.names.get(name, Unknown())
            imported = self.program.module(file).imported.get(name)
            if imported is None:
                return None
            value = self._imported(file, imported, name)
            scope.names[name] = value
            return value
        finally:
            self._resolving.discard(key)

    def _loaded(self, made: code.Statement, scope: Scope) -> None:
        """Follow a statement of a module, as it is when the module is loaded."""
        path, depth = self.path, self._depth
        self._depth, self.loading = 0, self.loading + 1
        try:
            self._statement(made, scope)
        finally:
            self.path, self._depth, self.loading = path, depth, self.loading - 1

    def _imported(self, file: str, imported: Imported, name: str) -> Value:
        target = self.program.file_of(file, imported.source)
        if is_python(file) and imported.name != "*":
            inner = self.program.file_of(file, _dotted(imported.source, imported.name))
            if inner is not None and (target is None or not self._has(target, imported.name)):
                return Module(inner)
        if target is None or target == file:
            return self._foreign(imported)
        if imported.name == "*":
            return Module(target)
        found = self.exported(target, imported.name)
        if found is None and imported.name == "default":
            return Module(target)  # require("./x") of a module with named exports
        return found if found is not None else Unknown(name=name)

    def _foreign(self, imported: Imported) -> Value:
        """Return what a package gives under a name, by its own meaning where that is built in."""
        package = imported.source.removeprefix("node:")
        whole = imported.name in {"*", "default"}
        key = package if whole else imported.name
        known = self.builtins.get(f"{package}:{imported.name}")
        known = known or (None if whole else self.builtins.get(imported.name))
        return known or elsewhere(self, package, imported.name) or Outside(key, package)

    def _has(self, file: str, name: str) -> bool:
        module = self.program.module(file)
        return name in module.definitions or name in module.imported

    def exported(self, file: str, name: str, depth: int = 8) -> Value | None:
        """Return what a module exports under a name, through re-exports."""
        module = self.program.module(file)
        target = module.exported.get(name)
        if isinstance(target, str):
            return self.own(file, target)
        if target is not None:
            return self._imported(file, target, name)
        for source in module.stars if depth else ():
            inner = self.program.file_of(file, source)
            found = self.exported(inner, name, depth - 1) if inner else None
            if found is not None:
                return found
        return None

    # statements

    def block(self, body: Sequence[code.Statement], scope: Scope) -> None:
        """Follow statements; functions and classes are known before the first."""
        for one in body:
            if isinstance(one, code.Define):
                self._define(one, scope)
        for one in body:
            self._statement(one, scope)

    def _statement(self, one: code.Statement, scope: Scope) -> None:
        self._step()
        match one:
            case code.Do(value=value, place=place):
                self.statement = place
                self._drop(self.value(value, scope), place)
            case code.Bind(pattern=pattern, value=value, place=place):
                self.statement = place
                self.bind(pattern, self.value(value, scope), scope)
            case code.Define():
                if one.name not in scope.names:
                    self._define(one, scope)
            case code.If():
                self._if(one, scope)
            case code.Loop():
                self._loop(one, scope)
            case code.Return(value=value, place=place):
                self.statement = place
                self._return(value, scope)
            case code.Raise(value=value):
                raise self._raised(self.value(value, scope) if value is not None else Unknown())
            case code.Try():
                self._try(one, scope)
            case code.Leave(kind=kind):
                raise Left(kind)
            case code.Block():
                try:
                    self.block(one.body, scope)
                except Left as left:
                    if not one.is_switch or left.kind != "break":
                        raise

    def _return(self, value: code.Expression | None, scope: Scope) -> None:
        """Return from a function; the ways out of a call that is returned stay apart."""
        result = self.value(value, scope) if value is not None else NOTHING
        split = self.splits.get(id(result))
        if split is not None and split[0] is result:
            *others, last = split[1]
            for one in others:
                if self.frames:
                    self.frames[-1].append(one)
            self.path = last.path.copy()
            if isinstance(last.abrupt, Returned):
                result = last.abrupt.value
        raise Returned(result, self.statement)

    def _raised(self, value: Value) -> Thrown:
        """Return the error that leaves here; a failure that goes on is not caught yet."""
        if self.catching:
            self.path.caught = None
            value = value if isinstance(value, Fields) else tainted(value, _FAILURE)
        return Thrown(value)

    def _drop(self, value: Value, place: Place) -> None:
        """Take note of work that a statement starts and leaves."""
        if isinstance(value, Promise) and value.dropped is None:
            value.dropped = place

    def _define(self, one: code.Define, scope: Scope) -> None:
        value: Value
        if isinstance(one.value, code.ClassCode):
            value = Kind(one.value, scope)
        else:
            value = Closure(one.value, scope)
            for decorator in reversed(one.value.decorators):
                value = self._decorated(decorator, value, scope)
        self.write(scope.names, one.name, value)  # type: ignore[arg-type] - names are cells

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
            about_caller=bool(taints & _ABOUT_CALLER),
        )

    def truth(self, value: Value, scope: Scope) -> bool | None:
        """Return whether a value counts as true in the language of a scope."""
        if isinstance(value, Items) and is_python(scope.file):
            return None if value.held.open else bool(value.held.values)
        if isinstance(value, Fields) and is_python(scope.file):
            return None if value.open and not value.cell else bool(value.cell)
        return truth(value)

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

    # expressions

    def value(self, one: code.Expression, scope: Scope) -> Value:
        """Return what an expression comes to."""
        self._step()
        match one:
            case code.Constant(value=value):
                return Plain(value)  # type: ignore[arg-type] - what code spells
            case code.Name(name=name):
                return self.lookup(name, scope)
            case code.Member():
                return self._member_of(one, scope)[1]
            case code.Call():
                return self._call(one, scope)
            case code.Logical():
                return self._logical(one, scope)
            case code.Choice():
                return self._choice(one, scope)
            case code.Awaited(value=value, place=place):
                held = self.value(value, scope)
                if isinstance(value, code.Call) and value.place in self.ledger.sites:
                    self.ledger.sites[value.place].awaited = True
                return self.awaited(held, place)
            case code.Function():
                return Closure(one, scope, self._this(scope) if one.is_arrow else None)
            case code.ClassCode():
                return Kind(one, scope)
            case code.Record():
                return self._record(one, scope)
            case code.Listed():
                return self._listed(one, scope)
            case code.Assigned():
                return self._assigned(one, scope)
            case code.Joined(parts=parts):
                return self.operate("join", [self.value(part, scope) for part in parts], scope)
            case code.Operation(operator=operator, operands=operands, place=place):
                held = [self.value(operand, scope) for operand in operands]
                return self.operate(operator, held, scope, place)
            case code.Several(parts=parts, is_value=is_value):
                held = [self.value(part, scope) for part in parts]
                return held[-1] if is_value and held else Unknown(taints_of(*held))

    def operate(
        self, operator: str, values: list[Value], scope: Scope, place: Place | None = None
    ) -> Value:
        """Return what an operator makes of values."""
        from cronshift.handlers.flow.operations import operate

        return operate(self, operator, values, scope, place)

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
            about_caller=bool(taints & _ABOUT_CALLER),
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
            return self.value(one.yes if known else one.no, scope)
        taints = taints_of(test)
        result = self.fork(
            taints,
            lambda: self.value(one.yes, scope),
            lambda: self.value(one.no, scope),
            about_caller=bool(taints & _ABOUT_CALLER),
        )
        return tainted(result or Unknown(), taints)

    def _record(self, one: code.Record, scope: Scope) -> Value:
        fields = Fields({})
        for key, value in one.entries:
            held = self.value(value, scope)
            name = _key(self.value(key, scope)) if key is not None else None
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
            if spread and isinstance(held, Items):
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
                self._member_of(one.target, scope)[1]
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
                value = self.operate(one.operator, [old, self.value(one.value, scope)], scope)
        else:
            value = self.value(one.value, scope)
        if self.catching:
            value = tainted(value, _FAILURE)
        self.bind(one.target, value, scope, declared=False)
        return value

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
            case code.NamePattern(name=name):
                if name:
                    target = (
                        scope
                        if declared and not is_python(scope.file)
                        else self._holder(name, scope)
                    )
                    self.write(target.names, name, value)  # type: ignore[arg-type] - as above
            case code.Member():
                self._set_member(pattern, value, scope)
            case code.RecordPattern(entries=entries, rest=rest):
                for key, inner, default in entries:
                    name = _key(self.value(key, scope))
                    held = self.member(value, name or "", Place(scope.file, 1, 1))
                    self.bind(
                        inner, self._defaulted(held, default, scope), scope, declared=declared
                    )
                if rest:
                    self.bind(code.NamePattern(rest), tainted(value, CLEAN), scope)
            case code.ListPattern(entries=entries, rest=rest_pattern):
                held_list = self._taken(value, len(entries))
                for (inner_pattern, default), item in zip(entries, held_list, strict=True):
                    if inner_pattern is not None:
                        self.bind(
                            inner_pattern,
                            self._defaulted(item, default, scope),
                            scope,
                            declared=declared,
                        )
                if rest_pattern is not None:
                    self.bind(rest_pattern, items_of(is_open=True, taints=taints_of(value)), scope)

    def _holder(self, name: str, scope: Scope) -> Scope:
        """Return the scope that has a name already; in Python the function's own."""
        at: Scope | None = scope
        while at is not None:
            if name in at.names:
                return at
            at = at.parent
        return scope

    def _taken(self, value: Value, count: int) -> list[Value]:
        if isinstance(value, Items):
            held = value.held
            missing: Value = Unknown(value.taints) if held.open else NOTHING
            return [held.values[n] if n < len(held.values) else missing for n in range(count)]
        return [Unknown(taints_of(value))] * count

    def _defaulted(self, value: Value, default: code.Expression | None, scope: Scope) -> Value:
        if default is None:
            return value
        if isinstance(value, Plain) and value.value is UNDEFINED:
            return tainted(self.value(default, scope), value.taints)
        return value

    def _set_member(self, target: code.Member, value: Value, scope: Scope) -> None:
        owner = self.value(target.owner, scope)
        name = _key(self.value(target.key, scope))
        if isinstance(owner, Fields) and name is not None:
            self.write(owner.cell, name, value)  # type: ignore[arg-type] - fields are cells
        elif isinstance(owner, Fields):
            owner.open = True
        elif name in {"statusCode", "status", "status_code"} and not isinstance(owner, Plain):
            held = value.value if isinstance(value, Plain) else None
            status = held if isinstance(held, int) else None
            self.path.answered = Answer(status, None, self.statement)

    def _member_of(self, one: code.Member, scope: Scope) -> tuple[Value, Value]:
        """Return an owner and its member."""
        owner = self.value(one.owner, scope)
        key = self.value(one.key, scope)
        name = _key(key)
        if isinstance(owner, Plain) and (owner.value is None or owner.value is UNDEFINED):
            if one.optional or self.world.lenient:
                return owner, Plain(UNDEFINED, owner.taints)
            raise Thrown(Unknown(owner.taints, name="TypeError"))
        if name is None:
            return owner, self._item(owner, key)
        return owner, self.member(owner, name, one.place)

    def _item(self, owner: Value, key: Value) -> Value:
        if isinstance(owner, Items) and isinstance(key, Plain) and isinstance(key.value, int):
            return self._taken(owner, abs(key.value) + 1)[key.value if key.value >= 0 else 0]
        parts: Sequence[Value] = ()
        if isinstance(owner, Fields) and not owner.open:
            parts = tuple(owner.cell.values())
        return Unknown(taints_of(owner, key), tuple(parts[:3]))

    def member(self, owner: Value, name: str, place: Place) -> Value:
        """Return a member of a value."""
        found: Value | None = None
        match owner:
            case Fields():
                if name in owner.cell:
                    return owner.cell[name]
                found = self._method(owner, owner.of, name)
                if found is None and owner.of is None and not owner.open:
                    found = self._member(self, owner, name, place)
                    return found if found is not None else Plain(UNDEFINED, owner.taints)
            case Kind():
                found = self._static(owner, name)
            case Module():
                found = self.exported(owner.file, name)
                if found is None and is_python(owner.file):
                    found = self._submodule(owner.file, name)
            case Unknown() if owner.alternatives:
                parts = [
                    self.member(one, name, place)
                    for one in owner.alternatives
                    if not (isinstance(one, Plain) and one.value in {None, UNDEFINED})
                ]
                if parts:
                    whole = parts[0]
                    for part in parts[1:]:
                        whole = joined(whole, part)
                    return tainted(whole, owner.taints)
        if found is None:
            found = self._member(self, owner, name, place)
        return found if found is not None else Unknown(taints_of(owner), name=name)

    def _submodule(self, file: str, name: str) -> Value | None:
        folder = file.rpartition("/")[0].replace("/", ".")
        inner = self.program.file_of(file, f"{folder}.{name}" if folder else name)
        return Module(inner) if inner is not None else None

    def _method(self, owner: Value, kind: Kind | None, name: str) -> Value | None:
        """Return a method or a field of an instance, its base classes' too."""
        for _ in range(5):
            if kind is None:
                return None
            for method in kind.code.methods:
                if method.name == name:
                    return Closure(method, kind.scope, owner)
            for field_name, value in kind.code.fields:
                if field_name == name:
                    return self.value(value, kind.scope)
            base = self.value(kind.code.bases[0], kind.scope) if kind.code.bases else None
            kind = base if isinstance(base, Kind) else None
        return None

    def _static(self, kind: Kind, name: str) -> Value | None:
        if name in kind.members:
            return kind.members[name]
        return self._method(kind, kind, name)

    # calls

    def _call(self, one: code.Call, scope: Scope) -> Value:
        owner: Value | None = None
        if isinstance(one.called, code.Member):
            owner, called = self._member_of(one.called, scope)
        else:
            called = self.value(one.called, scope)
        if isinstance(called, Plain) and one.optional:
            return Plain(UNDEFINED, called.taints)
        values: list[Value] = []
        named: dict[str, Value] = {}
        for keyword, argument in one.arguments:
            held = self.value(argument, scope)
            if keyword in {"*", "**"}:
                values += held.held.values if isinstance(held, Items) else [held]
            elif keyword:
                named[keyword] = held
            else:
                values.append(held)
        arguments = Arguments(tuple(values), named, one.place, _called_name(one.called))
        if isinstance(called, Closure) and called.this is None and owner is not None:
            called = Closure(called.function, called.scope, owner)
        return self.call(called, arguments, new=one.new)

    def call(self, called: Value, arguments: Arguments, *, new: bool = False) -> Value:
        """Return what a call comes to."""
        self._step()
        if isinstance(called, Unknown) and called.alternatives:
            callable_ = [one for one in called.alternatives if isinstance(one, Closure | Native)]
            if callable_:
                called = callable_[0]
        if isinstance(called, Native) or (isinstance(called, Thing) and called.call is not None):
            return called.call(self, arguments) if called.call is not None else NOTHING
        if isinstance(called, Kind):
            return self._instance(called, arguments)
        if isinstance(called, Closure):
            return self._closure(called, arguments)
        return self._outside(self, called, arguments, new)

    def _instance(self, kind: Kind, arguments: Arguments) -> Value:
        settings = settings_of(self, kind)
        if settings is not None:
            return settings
        made = Fields({}, of=kind)
        made.open = any(not isinstance(self.value(b, kind.scope), Kind) for b in kind.code.bases)
        for name in ("constructor", "__init__"):
            method = self._method(made, kind, name)
            if isinstance(method, Closure):
                for parameter, value in zip(
                    method.function.parameters, arguments.values, strict=False
                ):
                    if isinstance(parameter.pattern, code.NamePattern) and name == "constructor":
                        made.cell.setdefault(parameter.pattern.name, value)
                self.invoke(method, arguments)
        return made

    def _closure(self, called: Closure, arguments: Arguments) -> Value:
        """Call a function of the project, and take note of it."""
        function, place = called.function, arguments.place
        is_step = self.depth > 0 or self.loading
        if is_step and not self.loading and called.function.name:
            self.visit(place, arguments.name or function.name, followed=True)
            if self.fails(place):
                return self.failure(
                    place, arguments.name, promised=function.is_async or not is_python(place.file)
                )
        if not function.is_async:
            return self.invoke(called, arguments)
        if is_python(called.scope.file):
            return self._coroutine(called, arguments)
        return self.promised(place, arguments.name, lambda: self.invoke(called, arguments))

    def _coroutine(self, called: Closure, arguments: Arguments) -> Value:
        return self.promised(
            arguments.place, arguments.name, lambda: self.invoke(called, arguments)
        )

    def promised(self, place: Place, name: str, run: Callable[[], Value]) -> Promise:
        """Return the promise of what is started here."""
        self.within.append(place)
        rejected, answered = False, self.path.answered
        try:
            value = run()
        except Thrown as thrown:
            value, rejected = thrown.value, True
        finally:
            self.within.pop()
        self.consume(value)
        if isinstance(value, Promise):
            value, rejected = value.value, rejected or value.rejected
        made = self.promise(value, place, name, rejected=rejected)
        if answered is None and self.path.answered is not None:
            self.consume(made)  # the caller waits for the answer that is given in it
        return made

    def promise(self, value: Value, place: Place, name: str, *, rejected: bool = False) -> Promise:
        """Return a promise, taken note of until somebody waits for it."""
        made = Promise(value, place, name, rejected, sites=tuple(self.within))
        made.dropped = None
        self.ledger.promises.append(made)
        return made

    def consume(self, value: Value) -> None:
        """Take note that somebody waits for a promise, or has it now."""
        if isinstance(value, Promise):
            self.ledger.consumed.add(id(value))
        elif isinstance(value, Items):
            for one in value.held.values:
                if isinstance(one, Promise | Items):
                    self.consume(one)
        elif isinstance(value, Unknown):
            for one in value.alternatives:
                if isinstance(one, Promise):
                    self.consume(one)

    def awaited(self, value: Value, place: Place) -> Value:
        """Return what a promise becomes; an error that it ends in is thrown."""
        self.consume(value)
        if isinstance(value, Unknown) and any(isinstance(a, Promise) for a in value.alternatives):
            parts = tuple(a.value if isinstance(a, Promise) else a for a in value.alternatives)
            return Unknown(value.taints, parts)
        if not isinstance(value, Promise):
            return value
        site = self.ledger.sites.get(value.place)
        if site is not None:
            site.awaited = True
        if value.rejected:
            if Taint.FAILURE in value.value.taints:
                self.path.caught = None
            raise Thrown(value.value)
        return value.value

    def invoke(self, called: Closure, arguments: Arguments) -> Value:
        """Follow a function of the project."""
        function = called.function
        if self._active.count(function) > 1 or len(self._active) >= _DEEPEST:
            return Unknown(arguments.taints)
        scope = Scope(called.scope.file, {}, called.scope)
        if called.this is not None:
            scope.names["this"] = called.this
        self._active.append(function)
        self.frames.append([])
        self.control.append(CLEAN)
        self.depth += 1
        inside, statement, loops = self.path.inside, self.statement, self.loops
        self.loops = 0
        ended: Abrupt | None = None
        result: Value = NOTHING
        try:
            self._parameters(called, arguments, scope)
            self.block(function.body(), scope)
        except Returned as returned:
            result, self.left_at = returned.value, returned.place
        except Thrown as thrown:
            ended = thrown
        finally:
            self._active.pop()
            sides, control = self.frames.pop(), self.control.pop()
            self.depth -= 1
            self.statement, self.loops = statement, loops
        if ended is not None and not sides:
            raise ended
        exits = list(sides)
        if ended is not None:
            self.tries[-1].append(Exit(ended, self.path))
        else:
            exits.append(Exit(Returned(result, self.left_at), self.path))
        if len(exits) == 1 and ended is None:
            self.path.inside = inside
            return result
        return self._one_of(exits, control, inside)

    def _one_of(self, exits: list[Exit], control: frozenset[Taint], inside: int) -> Value:
        """Return the value of a function with several ways out."""
        values = [one.abrupt.value for one in exits if isinstance(one.abrupt, Returned)]
        whole = values[0]
        for value in values[1:]:
            whole = joined(whole, value)
        # Only what the caller can see of it hangs on what decided.
        if not isinstance(whole, Unknown):
            whole = Unknown(taints_of(whole), (whole,)) if control & _ABOUT_CALLER else whole
        whole = tainted(whole, control)
        self.path = met(one.path for one in exits)
        self.path.inside = inside
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
                self.bind(parameter.pattern, Fields(dict(arguments.named), open=True), scope)
            elif number < len(values):
                self.bind(
                    parameter.pattern,
                    self._defaulted(values[number], parameter.default, scope),
                    scope,
                )
            elif name in arguments.named:
                self.bind(parameter.pattern, arguments.named[name], scope)
            else:
                left_out = self._left_out(parameter, called.scope, injected=arguments.injected)
                self.bind(parameter.pattern, left_out, scope)

    def _left_out(self, parameter: code.Parameter, scope: Scope, *, injected: bool) -> Value:
        """Return what a parameter gets that a call leaves out."""
        if not is_python(scope.file):
            default = parameter.default
            return self.value(default, scope) if default is not None else NOTHING
        from cronshift.handlers.flow.injection import injected_value

        return injected_value(self, parameter, scope, by_framework=injected)

    # notes

    def ask(self, what: str) -> None:
        """Take note of what is read of the request."""
        if self.statement is not None:
            self.ledger.asked.setdefault(what, self.statement)

    def visit(self, place: Place, name: str, *, followed: bool, written: str = "") -> None:
        """Take note that a call is reached."""
        certain = not self.path.is_doubted
        if self.catching and works(name) and not is_side_work(name) and not records(name):
            self.path.instead = True
        self.path.visited[place] = certain or self.path.visited.get(place, False)
        site = self.ledger.sites.get(place)
        if site is None:
            guarded = len(self.tries) > 1
            within = tuple(self.within)
            self.ledger.sites[place] = Site(
                place,
                name,
                guarded,
                self.depth,
                followed,
                within=within,
                written=written,
                beside=any(is_side_work(one.name) for one in self._active),
            )
        else:
            site.guarded = site.guarded or len(self.tries) > 1
            site.name = max(site.name, name, key=len)  # a chain begins where its first call does
            site.written = site.written or written

    def fails(self, place: Place) -> bool:
        """Return whether this is the call whose failure is tried out."""
        return self.world.fail_at == place

    def failure(self, place: Place, name: str, *, promised: bool) -> Value:
        """Let a call fail."""
        self.path.failed = True
        error = Unknown(_FAILURE, name="error")
        if promised:
            return self.promise(error, place, name, rejected=True)
        raise Thrown(error)

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Exhausted


def _is_there(value: Value) -> bool | None:
    """Return whether a value is neither null nor undefined."""
    if isinstance(value, Plain):
        return value.value is not None and value.value is not UNDEFINED
    if isinstance(value, Unknown):
        told = {_is_there(one) for one in value.alternatives}
        return told.pop() if len(told) == 1 else None
    return True


def _key(value: Value) -> str | None:
    text = text_of(value)
    if text is None and isinstance(value, Plain) and isinstance(value.value, int):
        return str(value.value)
    return text


def _called_name(called: code.Expression) -> str:
    """Return the name of what is called, ``stripe.charges.create``."""
    if isinstance(called, code.Name):
        return called.name
    if isinstance(called, code.Member):
        key = called.key.value if isinstance(called.key, code.Constant) else "…"
        owner = _called_name(called.owner)
        return f"{owner}.{key}" if owner else str(key)
    if isinstance(called, code.Call):
        return _called_name(called.called)
    return ""


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


def _dotted(source: str, name: str) -> str:
    return f"{source}.{name}" if source.strip(".") else f"{source}{name}"


__all__ = ["CALLER", "Comparison", "Elements", "Ledger", "Machine", "Path", "Site", "_is_there"]
