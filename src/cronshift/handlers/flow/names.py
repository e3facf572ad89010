"""The values of names: in a function, in a module, through imports; and the notes on the way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from cronshift.handlers.flow.copies import copied
from cronshift.handlers.flow.environment import elsewhere
from cronshift.handlers.flow.ledger import Ledger, Site
from cronshift.handlers.flow.memory import open_kept
from cronshift.handlers.flow.paths import Exhausted, Forks, Thrown
from cronshift.handlers.flow.program import Imported, Program, dotted, is_python
from cronshift.handlers.flow.python_refusals import refused_python_answer
from cronshift.handlers.flow.refusals import refused_result
from cronshift.handlers.flow.values import (
    FAILED,
    ListValue,
    Module,
    ObjectValue,
    Outside,
    Promise,
    Scope,
    Taint,
    Unknown,
    Value,
    text_of,
    truth,
)
from cronshift.handlers.flow.work import (
    is_bookkeeping,
    is_side_work,
    keeps,
    lets_go,
    looks,
    provides,
    records,
    removes,
    tells,
    works,
)
from cronshift.handlers.flow.worlds import secrets_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cronshift.handlers.flow import code
    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.values import Arguments, Taints
    from cronshift.handlers.flow.worlds import World

MOST_STEPS = 10_000


class NameLookup(Forks, ABC):
    """The lookup of names, and the notes taken on the way.

    Args:
        program: the project's code.
        world: the request and the environment.
        builtins: what names mean that no file defines.
        member: what a member of a value is whose kind is built in.
        outside: what a call comes to that leads out of the project.
    """

    def __init__(
        self,
        program: Program,
        world: World,
        builtins: Mapping[str, Value],
        member: Callable[[Machine, Value, str], Value | None],
        outside: Callable[[Machine, Value, Arguments, bool], Value],
    ) -> None:
        super().__init__()
        self.program, self.world = program, world
        self.machine = cast("Machine", self)
        self.ledger = Ledger()
        self.statement: CodePlace | None = None
        self.left_at: CodePlace | None = None
        self.depth = 0
        self.loading = 0
        self.serializing = False
        self.within: list[CodePlace] = []
        self.calls: list[CodePlace] = []
        self.called: list[str] = []
        self.catching = self.hushed = self.loops = self.rescuing = self.ending = self.telling = 0
        self.uncounted = 0  # loops around, of which nobody knows how often they turn
        self.guards: list[CodePlace] = []
        self.builtins, self.built_in, self.outside = builtins, member, outside
        self.steps = 0
        self._active: list[code.Function] = []
        self.modules: dict[str, Scope] = {}
        self._resolving: set[tuple[str, str]] = set()

    @abstractmethod
    def value(self, node: code.Expression, scope: Scope) -> Value:
        """Return the value of an expression."""

    @abstractmethod
    def block(self, body: Sequence[code.Statement], scope: Scope) -> None:
        """Follow statements."""

    @abstractmethod
    def statement_of(self, node: code.Statement, scope: Scope) -> None:
        """Follow a statement."""

    @abstractmethod
    def parent(self, scope: Scope) -> Value | None:
        """Return ``super`` as it is in a method, where the class behind it is the project's."""

    def module(self, file: str) -> Scope:
        """Return the names of a module."""
        if file not in self.modules:
            self.modules[file] = Scope(file, {}, is_module=True)
        return self.modules[file]

    def lookup(self, name: str, scope: Scope) -> Value:
        """Return the value of a name."""
        at: Scope | None = scope
        while at is not None:
            if name in at.names:
                return at.names[name]
            if at.is_module:
                value = self.named_in(at.file, name)
                if value is not None:
                    return value
            at = at.parent
        meant = self.parent(scope) if name == "super" else None
        return meant or self.builtins.get(name) or Outside(name)

    def named_in(self, file: str, name: str) -> Value | None:
        """Return the value of a module's own or imported name; ``None`` where it has none."""
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
                return self._defined_name(file, name, made, scope)
            imported = self.program.module(file).imported.get(name)
            if imported is None:
                return None
            value = self._imported(file, imported, name)
            scope.names[name] = value
            return value
        finally:
            self._resolving.discard(key)

    def _defined_name(self, file: str, name: str, made: code.Statement, scope: Scope) -> Value:
        """Return the value that a statement gives a name; plain data is kept for later requests."""
        key = (file, name, self.world.unset)
        kept = self.program.constants.get(key)
        if kept is None:
            self._loaded(made, scope)
            value = scope.names.get(name, Unknown())
            if not is_python(file):
                open_kept(value, self.program.tree.read(file), name)
            plain = copied(value)
            if plain is not None:
                self.program.constants[key] = plain
            return value
        scope.names[name] = value = copied(kept) or kept
        self.ledger.variables.update(secrets_in(text_of(value) or ""))
        return value

    def _loaded(self, made: code.Statement, scope: Scope) -> None:
        """Follow a statement of a module, as it is when the module is loaded."""
        path, depth = self.path, self._depth
        self._depth, self.loading = 0, self.loading + 1
        try:
            self.statement_of(made, scope)
        finally:
            self.path, self._depth, self.loading = path, depth, self.loading - 1

    def _imported(self, file: str, imported: Imported, name: str) -> Value:
        target = self.program.file_of(file, imported.source)
        if is_python(file) and imported.name != "*":
            inner = self.program.file_of(file, dotted(imported.source, imported.name))
            if inner is not None and (target is None or not self._has(target, imported.name)):
                return Module(inner)
        if target is None or target == file:
            return self.foreign(imported)
        if imported.name == "*":
            return Module(target)
        value = self.exported(target, imported.name)
        if value is None and imported.name == "default":
            return Module(target)  # require("./x") of a module with named exports
        return value if value is not None else Unknown(name=name)

    def foreign(self, imported: Imported) -> Value:
        """Return the value of a package's export, by its own meaning where that is built in."""
        package = imported.source.removeprefix("node:")
        whole = imported.name in {"*", "default"}
        key = package if whole else imported.name
        meaning = self.builtins.get(f"{package}:{imported.name}")
        meaning = meaning or (None if whole else self.builtins.get(imported.name))
        return meaning or elsewhere(self.machine, package, imported.name) or Outside(key, package)

    def _has(self, file: str, name: str) -> bool:
        module = self.program.module(file)
        return name in module.definitions or name in module.imported

    def exported(self, file: str, name: str, depth: int = 8) -> Value | None:
        """Return the value that a module exports under a name, through re-exports."""
        module = self.program.module(file)
        target = module.exported.get(name)
        if isinstance(target, str):
            return self.named_in(file, target)
        if target is not None:
            return self._imported(file, target, name)
        for source in module.stars if depth else ():
            inner = self.program.file_of(file, source)
            value = self.exported(inner, name, depth - 1) if inner else None
            if value is not None:
                return value
        return None

    def truth(self, value: Value, scope: Scope) -> bool | None:
        """Return whether a value counts as true in the language of a scope."""
        if isinstance(value, ListValue) and is_python(scope.file):
            return None if value.elements.open else bool(value.elements.values)
        if isinstance(value, ObjectValue) and is_python(scope.file):
            return None if value.open and not value.cell else bool(value.cell)
        return truth(value)

    def promise(
        self, value: Value, place: CodePlace, name: str, *, rejected: bool = False
    ) -> Promise:
        """Return a promise, taken note of until somebody waits for it."""
        made = Promise(value, place, name, rejected)
        made.sites, made.calls = tuple(self.within), tuple(self.calls)
        made.beside = self.rescuing > 0 or self._is_beside()
        self.ledger.promises.append(made)
        return made

    def consume(self, value: Value) -> None:
        """Take note that somebody waits for a promise, or has it now."""
        if isinstance(value, Promise):
            self.ledger.consumed.add(id(value))
            self.wait(value.place)
        elif isinstance(value, ListValue):
            for part in value.elements.values:
                if isinstance(part, Promise | ListValue | Unknown):
                    self.consume(part)
        elif isinstance(value, Unknown):
            for part in value.alternatives:
                if isinstance(part, Promise | ListValue):
                    self.consume(part)

    def wait(self, place: CodePlace) -> None:
        """Take note that a call is waited for, and so are those whose results it hands on."""
        for waited in self.ledger.handed_on({place}):
            if waited in self.ledger.sites:
                self.ledger.sites[waited].awaited = True

    def ask(self, what: str) -> None:
        """Note a read of the request."""
        if self.statement is not None:
            self.ledger.asked.setdefault(what, self.statement)

    def visit(  # noqa: PLR0913 - all that is noted of it
        self,
        place: CodePlace,
        name: str,
        *,
        followed: bool,
        telling: bool = False,
        written: str = "",
        package: str = "",
    ) -> None:
        """Take note that a call is reached."""
        rescues = self.catching or self.path.other_way
        is_asked = rescues or place not in self.ledger.sites
        is_beside = telling or (is_asked and self._is_beside())
        if rescues and not is_beside and (works(name) or written or self._stands_in(name)):
            self._answer(name)
        self.path.visit(place)
        site = self.ledger.sites.get(place)
        if site is None:
            within, noting = tuple(self.within), is_bookkeeping(self.statement)
            beside = noting or is_beside or (self.ending > 0 and lets_go(name))
            self.ledger.sites[place] = Site(
                place,
                name,
                bool(self.guards),
                self.depth,
                followed,
                within=within,
                written=written,
                beside=beside,
                noting=noting,
                rescuing=self.rescuing > 0,
                calls=tuple(self.calls),
                tries=len(self.guards),
                guard=self.guards[-1] if self.guards else None,
                package=package,
            )
        else:
            site.turns += 1
            site.rescuing = site.rescuing and self.rescuing > 0
            site.guarded = site.guarded or bool(self.guards)
            site.followed = site.followed and followed  # client().send() leads out in the end
            site.name = max(site.name, name, key=_links)  # a chain begins where its first call does
            site.written = site.written or written
            site.package = site.package or package

    def _stands_in(self, name: str) -> bool:
        """Return whether a look is another source than the one that failed, or finds what could not be made."""
        failed = self.ledger.sites.get(self.world.fail_at) if self.world.fail_at else None
        if failed is None or not looks(name):
            return False
        model = failed.name.rpartition(".")[0]
        if self.catching:  # prisma.team.create, and prisma.team.findFirst
            return "." in model and model == name.rpartition(".")[0]
        return looks(failed.name) or provides(failed.name)

    def _answer(self, name: str) -> None:
        """Take note of a call that does something about a failure: it is another way, or keeps it."""
        failed = self.ledger.sites.get(self.world.fail_at) if self.world.fail_at else None
        is_again = failed is not None and failed.name == name and removes(name)
        if is_again or not records(name):
            self.path.instead = True
        elif keeps(name, self.written()):
            self.path.kept = True

    def written(self) -> str:
        """Return the text of the statement that is followed, or the line at which it begins."""
        place = self.statement
        if place is None or place.text:
            return place.text if place is not None else ""
        lines = self.program.tree.read(place.file).splitlines()
        return "".join(line.strip() for line in lines[place.line - 1 : place.line + 2])

    def is_telling(self, name: str, arguments: Arguments) -> bool:
        """Return whether a call only tells somebody of the failure that was caught."""
        is_caught = self.catching > 0 or self.rescuing > 0
        return is_caught and tells(name, of_failure=Taint.FAILURE in arguments.taints)

    def _is_beside(self) -> bool:
        """Return whether a call into the project that leads here is a matter beside the work."""
        return (
            self.telling > 0
            or any(map(is_side_work, self.called))
            or (self.ending > 0 and any(map(lets_go, self.called)))
            or any(is_side_work(function.name) for function in self._active)
        )

    @contextmanager
    def because(self, taints: Taints) -> Iterator[None]:
        """Follow what is done because something failed; by a zero or a count alone, quietly."""
        is_hushed = Taint.LOUD not in taints
        self.catching, self.hushed = self.catching + 1, self.hushed + is_hushed
        try:
            yield
        finally:
            self.catching, self.hushed = self.catching - 1, self.hushed - is_hushed

    @property
    def is_loud(self) -> bool:
        """True where what is made says that something failed."""
        return self.catching > self.hushed or Taint.LOUD in self.path.other_way

    @property
    def in_trouble(self) -> bool:
        """True where what is followed is done because something failed."""
        is_other_way = Taint.FAILURE in self.path.other_way and not self.path.instead
        return self.catching > 0 or is_other_way  # what other work gives says nothing of a failure

    def fails(self, place: CodePlace) -> bool:
        """Return whether this is the call whose failure is tried out."""
        return self.world.fail_at == place

    def failure(self, place: CodePlace, name: str, *, promised: bool) -> Value:
        """Let a call fail: with an error, or with a result that says so."""
        self.path.failed = True
        if self.world.refused:
            is_answer = is_python(place.file)
            return refused_python_answer(name) if is_answer else refused_result(name)
        error = Unknown(FAILED, name="error")
        if promised:
            return self.promise(error, place, name, rejected=True)
        raise Thrown(error)

    def step(self) -> None:
        """Count a step, and stop where there are too many."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Exhausted


def _links(name: str) -> tuple[int, int]:
    """Return the length of a chain of calls: its links first, then its letters."""
    return name.count("."), len(name)
