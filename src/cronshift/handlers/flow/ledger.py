"""The record of followed code: calls, comparisons, promises, reads of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from cronshift.handlers.flow.values import Taint

if TYPE_CHECKING:
    from cronshift.handlers.flow.code import CodePlace, Function
    from cronshift.handlers.flow.values import Promise, Value

CALLER = frozenset({Taint.CREDENTIAL, Taint.QUERY, Taint.REQUEST})
"""What a caller may choose."""
ABOUT_CALLER = frozenset({Taint.CREDENTIAL, Taint.REQUEST})
"""What tells who calls."""


class Comparison(Struct, frozen=True):
    """A credential of the request, compared with a secret.

    Attributes:
        equal: how it came out; ``None`` where that is not known.
        secrets: the variables that it was compared with.
        sites: how many calls had been reached by then.
        written: the text that it was compared with, where the code itself says it.
    """

    place: CodePlace
    equal: bool | None
    secrets: tuple[str, ...] = ()
    constant_time: bool = False
    sites: int = 0
    written: str = ""


class Site(Struct):
    """A call that begins work, or may.

    Attributes:
        name: what is called, and ``package``, of which package, where that is told.
        guarded: whether a ``try`` of the project stands around it.
        awaited: whether it is waited for where it stands.
        depth: how many functions of the project were entered to get there.
        followed: whether it was followed into the project.
        within: the promises that it is part of.
        amount: how much it was given in all, and ``vague``, in how many values that are not told.
        words: whether it was given the text of an error.
        beside: whether it is part of a matter beside the work: a log of the run, what makes a decorator.
        noting: whether it is so whatever else is done: its own statement notes down the run.
        rescuing: whether it is reached only where something is caught.
        calls: the calls into the project that lead to it.
        tries: how many of the project's ``try`` stand around it, and ``guard``, what the innermost does.
        turns: how often it was reached.
        handed: the elements of the lists that it was handed, all told, as far as that is known.
    """

    place: CodePlace
    name: str
    guarded: bool
    depth: int
    followed: bool
    awaited: bool = False
    within: tuple[CodePlace, ...] = ()
    written: str = ""
    amount: int = 0
    vague: int = 0
    words: bool = False
    beside: bool = False
    noting: bool = False
    rescuing: bool = False
    calls: tuple[CodePlace, ...] = ()
    tries: int = 0
    guard: CodePlace | None = None
    package: str = ""
    turns: int = 1
    handed: int | None = None


class Ledger(Struct):
    """The record that is kept while code is followed.

    Attributes:
        consumed: the promises that somebody waits for, by identity.
        chained: what a promise was made into, by ``.then`` and its like.
        outrun: the promises that a clock may win against, ``Promise.race([work(), sleep(5000)])``.
        later: what was handed to ``after``: its place, its name, whether it is only side work.
        behind: the calls whose promises were handed to it, begun before.
        shielded: the calls whose failure a promise's chain catches, and where.
        asked: what was read of the request, and where first.
        began: where the function begins that was called first.
        telling: the calls, by their names, whose results are asked whether they failed.
        heard: whether anything is asked of the result that tells of the failure which is tried out.
        settled: whether promises are waited for whatever becomes of each.
        entered: the project's functions that were followed, by where they are called last.
        variables: those of the environment that were read, as far as their names are told.
        results: what calls out of the project gave, by identity, and where they stand.
        returned: the calls whose results a call into the project returns, not waited for there.
        hinges: whether a condition hangs on one of them, and on no caller.
        decided: how conditions came out that hang on the code alone, by where they stand.
        files: those with a function that was entered.
        cut: whether a function of the project was not entered, because it lies too deep.
    """

    sites: dict[CodePlace, Site] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    consumed: set[int] = field(default_factory=set)
    chained: dict[int, Promise] = field(default_factory=dict)
    outrun: list[Promise] = field(default_factory=list)
    later: list[tuple[CodePlace, str, bool]] = field(default_factory=list)
    behind: set[CodePlace] = field(default_factory=set)
    shielded: dict[CodePlace, CodePlace] = field(default_factory=dict)
    asked: dict[str, CodePlace] = field(default_factory=dict)
    began: CodePlace | None = None
    telling: set[str] = field(default_factory=set)
    heard: bool = False
    settled: bool = False
    results: dict[int, tuple[Value, CodePlace]] = field(default_factory=dict)
    returned: dict[CodePlace, set[CodePlace]] = field(default_factory=dict)
    entered: dict[CodePlace, Function] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)
    hinges: bool = False
    decided: dict[CodePlace, set[bool]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    cut: bool = False

    def take_sides_for_work(self) -> None:
        """Take what is called a side matter for the work where all is part of it: a job of metrics."""
        leading_out = [site for site in self.sites.values() if not site.followed]
        if all(site.beside or site.rescuing for site in leading_out):
            for site in self.sites.values():
                site.beside = site.noting

    def left(self) -> list[Promise]:
        """Return the promises that nobody waits for."""
        bases = {id(made): base for base, made in self.chained.items()}
        return [
            promise
            for promise in self.promises
            if id(promise) not in self.consumed
            and id(promise) not in self.chained
            and bases.get(id(promise)) not in self.consumed
        ]

    def handed_on(self, places: set[CodePlace]) -> set[CodePlace]:
        """Return calls, and those whose promises they hand on."""
        whole: set[CodePlace] = set()
        while places:
            whole |= places
            places = {to for place in places for to in self.returned.get(place, ())} - whole
        return whole
