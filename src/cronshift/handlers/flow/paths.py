"""The paths of a request through code: the state of each, their forks and merges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from cronshift.handlers.flow.values import (
    CLEAN,
    NOTHING,
    Elements,
    ListValue,
    ObjectValue,
    Response,
    Taint,
    Unknown,
    joined,
    taints_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cronshift.handlers.flow.code import CodePlace
    from cronshift.handlers.flow.values import Taints, Value

OTHER_SIDE = "turns callers away in some cases"
"""The doubt on one side of a condition that is not known, where the other side refuses."""
_STATUSES = ("status", "statusCode", "status_code")
_GATES = {301, 302, 303, 307, 308, 401, 403}
"""What a caller without the right credential is answered."""


class Abrupt(Exception):  # noqa: N818 - no error of ours
    """An exit from the statement that is being followed."""


class Returned(Abrupt):
    """An exit from the function with a value."""

    def __init__(self, value: Value, place: CodePlace | None = None) -> None:
        super().__init__()
        self.value, self.place = value, place


class Thrown(Abrupt):
    """An exit to the next ``catch``."""

    def __init__(self, value: Value, place: CodePlace | None = None) -> None:
        super().__init__()
        self.value, self.place = value, place


class Left(Abrupt):
    """An exit from a loop or a switch, ``break``, or from one turn of it, ``continue``."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind


class Exhausted(Exception):  # noqa: N818 - no error of ours
    """The end of following: there is more than is followed."""


class Path(Struct):
    """The state of one path through the code.

    Attributes:
        doubts: what may have turned the caller away, as far as can be told.
        unfollowed: what stands in front and is not followed, whomever it may turn away.
        inside: how many branches it is in that hang on something unknown about the caller.
        visited: where work was begun, and ``sure``, where a caller surely gets.
        late: where work was begun when the request was answered already.
        failed: whether the failure that is tried out has happened.
        caught: what caught it.
        around: the catch that last took it, and how deep in others; one beside that catches another error.
        decided: the condition that it decides, where a result tells of it.
        instead: whether other work was done because of it, and ``kept``, whether a row keeps it.
        other_way: of what failed, where all that follows in this function or turn is done because of it.
        hangs: whether the failure is kept where it is not followed, and may come out later.
        hinged: whether a condition of the function that is followed hung on what failed.
        answered: the response, for a handler that answers by calling something.
    """

    doubts: frozenset[str] = frozenset()
    unfollowed: frozenset[str] = frozenset()
    inside: int = 0
    visited: set[CodePlace] = field(default_factory=set)
    sure: set[CodePlace] = field(default_factory=set)
    late: set[CodePlace] = field(default_factory=set)
    failed: bool = False
    caught: CodePlace | None = None
    around: tuple[CodePlace, int] | None = None
    decided: CodePlace | None = None
    instead: bool = False
    kept: bool = False
    other_way: Taints = CLEAN
    hangs: bool = False
    hinged: bool = False
    answered: Response | None = None

    def copy(self) -> Path:
        """Return the same, to go on with apart."""
        return Path(
            self.doubts,
            self.unfollowed,
            self.inside,
            self.visited.copy(),
            self.sure.copy(),
            self.late.copy(),
            self.failed,
            self.caught,
            self.around,
            self.decided,
            self.instead,
            self.kept,
            self.other_way,
            self.hangs,
            self.hinged,
            self.answered,
        )

    def visit(self, place: CodePlace) -> None:
        """Take note that work is begun at a place."""
        self.visited.add(place)
        if self.answered is not None:
            self.late.add(place)
        if not self.is_doubted:
            self.sure.add(place)

    @property
    def is_doubted(self) -> bool:
        """True when a caller with a wrong credential may not come here."""
        return bool(self.doubts) or self.inside > 0


class Exit(Struct, frozen=True):
    """One way out of a function: with a value, or with an error."""

    abrupt: Abrupt
    path: Path


def met(paths: Iterable[Path]) -> Path:
    """Return the state that several paths share where they meet."""
    first, *rest = ways = list(paths)
    whole = first.copy()
    for path in rest:
        whole.doubts &= path.doubts
        whole.unfollowed |= path.unfollowed
        whole.inside = min(whole.inside, path.inside)
        whole.visited |= path.visited
        whole.sure |= path.sure
        whole.late |= path.late
        whole.failed = whole.failed or path.failed
        whole.caught = whole.caught or path.caught
        whole.around = whole.around or path.around
        whole.decided = whole.decided or path.decided
        whole.other_way |= path.other_way
        whole.hangs = whole.hangs or path.hangs
        whole.hinged = whole.hinged or path.hinged
        whole.answered = whole.answered or path.answered
    failed = [path for path in ways if path.failed]
    whole.instead = bool(failed) and all(path.instead for path in failed)
    whole.kept = bool(failed) and all(path.kept or path.instead for path in failed)
    return whole


class Branch(Struct):
    """One side of a fork, followed to its end.

    Attributes:
        written: what it changed: the cell, and what it holds now.
    """

    abrupt: Abrupt | None
    path: Path
    written: dict[tuple[int, str], tuple[dict[str, Any], str, Any]]
    value: Value | None = None


def statuses(value: Value | None, path: Path) -> list[int | None]:
    """Return the statuses that a returned value may answer with; none where it answers nothing."""
    if path.answered is not None:
        return [path.answered.status]
    if isinstance(value, Response):
        return [0 if value.goes_on else value.status]
    if isinstance(value, Unknown):
        return [s for alternative in value.alternatives for s in statuses(alternative, path)]
    if isinstance(value, ListValue):  # Python's `body, status`
        second = (getattr(part, "value", None) for part in value.elements.values[1:2])
        return [status for status in second if type(status) is int]
    return []


def error_status(value: Value) -> int | None:
    """Return the status that an error carries, ``HTTPException(401)``."""
    if isinstance(value, ObjectValue):
        carried = (getattr(value.cell.get(name), "value", None) for name in _STATUSES)
        return next((status for status in carried if type(status) is int), None)
    return value.status if isinstance(value, Response) else None


def refuses(side: Branch) -> bool:
    """Return whether a side ends with the caller turned away, or with a failure."""
    if isinstance(side.abrupt, Thrown):
        return True
    if isinstance(side.abrupt, Returned):
        answered = statuses(side.abrupt.value, side.path)
        return any(status is not None and status >= 300 for status in answered)  # noqa: PLR2004
    return False


def _meet(side: Branch) -> bool:
    """Return whether a side goes on behind a fork, or behind the loop or the switch around it."""
    return side.abrupt is None or isinstance(side.abrupt, Left)


def is_gate(side: Branch) -> bool:
    """Return whether a side ends as a check of the caller would end it."""
    if isinstance(side.abrupt, Thrown):
        return error_status(side.abrupt.value) in _GATES
    if isinstance(side.abrupt, Returned):
        return any(status in _GATES for status in statuses(side.abrupt.value, side.path))
    return False


def answer_apart(paths: Iterable[Path]) -> bool:
    """Return whether ways have answered differently, by calling the response."""
    answers = (path.answered for path in paths if path.answered is not None)
    return len({(answer.status, id(answer.body)) for answer in answers}) > 1


class Forks:
    """The forks of a path: both sides of an unknown are followed in turn, and merged."""

    def __init__(self) -> None:
        self.path = Path()
        self._log: list[tuple[dict[str, Any], str, Any, bool]] = []
        self._depth = 0
        self.frames: list[list[Exit]] = []
        self.tries: list[list[Exit]] = [[]]
        self.control: list[Taints] = []
        self.lefts: list[list[Path]] = []
        self.splits: dict[int, tuple[Value, list[Exit]]] = {}

    def write(self, cell: dict[str, Any], key: str, value: Any) -> None:
        """Write a cell, so that its content can be taken back."""
        if self._depth:
            self._log.append((cell, key, cell.get(key), key in cell))
        cell[key] = value

    def fork(
        self,
        taints: Taints,
        yes: Callable[[], Value | None],
        no: Callable[[], Value | None],
        *,
        about_caller: bool,
    ) -> Value | None:
        """Follow both sides; return their results, joined.

        Args:
            taints: of what decides.
            yes: follows the one side.
            no: follows the other.
            about_caller: whether what decides is made of the caller's credential.
        """
        start = self.path
        first = self._side(yes, start, about_caller)
        second = self._side(no, start, about_caller)
        goes_on = first.abrupt is None and second.abrupt is None
        if goes_on and self.frames and answer_apart((first.path, second.path)):
            first.abrupt = Returned(NOTHING)  # nothing that follows changes what was answered
        if _meet(first) and _meet(second):
            self._keep_left(first, second)
            self._apply(first, second)
            self.path = met([first.path, second.path])
            self.path.inside = start.inside
            if first.abrupt is not None and second.abrupt is not None:
                raise first.abrupt
            if first.value is None or second.value is None:
                return first.value or second.value
            return joined(first.value, second.value)
        if self.control:
            self.control[-1] |= taints
        ended, going = (first, second) if first.abrupt is not None else (second, first)
        self._doubt(ended, going, about_caller=about_caller)
        if going.abrupt is not None:
            self._doubt(going, ended, about_caller=about_caller)
        else:
            going.path.inside = start.inside
        self._leave(ended)
        self.path = going.path
        self._apply(going)
        if going.abrupt is not None:
            raise going.abrupt
        return going.value

    def catch(self, place: CodePlace) -> None:
        """Take note of what catches the failure: a catch that stands around an earlier one, or the first."""
        path, depth = self.path, len(self.tries)
        if path.around is None or depth < path.around[1]:
            path.around = place, depth
        path.caught = path.caught or path.around[0]

    def _keep_left(self, first: Branch, second: Branch) -> None:
        """Keep the side that leaves a turn of a loop, should the other one end what follows in it."""
        left = [side.path.copy() for side in (first, second) if side.abrupt is not None]
        if len(left) == 1 and self.lefts:
            self.lefts[-1] += left

    def leave_turn(self, abrupt: Abrupt) -> None:
        """End a turn of a loop on one side, and go on with those that have left it before."""
        self._leave(Branch(abrupt, self.path, {}))
        self.path = met(self.lefts[-1])

    def _doubt(self, ended: Branch, going: Branch, *, about_caller: bool) -> None:
        """Take note on one side that the other turns callers away."""
        if (about_caller and refuses(ended)) or is_gate(ended):
            going.path.doubts |= {OTHER_SIDE}

    def _leave(self, side: Branch) -> None:
        if isinstance(side.abrupt, Returned) and self.frames:
            self.frames[-1].append(Exit(side.abrupt, side.path))
        elif isinstance(side.abrupt, Thrown):
            self.tries[-1].append(Exit(side.abrupt, side.path))

    def _side(self, run: Callable[[], Value | None], start: Path, about_caller: bool) -> Branch:
        self.path = start.copy()
        self.path.inside += about_caller
        mark, value, abrupt = len(self._log), None, None
        self._depth += 1
        try:
            value = run()
        except Abrupt as error:
            abrupt = error
        finally:
            self._depth -= 1
        written = {}
        for cell, key, _, _ in self._log[mark:]:
            written[id(cell), key] = (cell, key, cell[key])
        for cell, key, old, was in reversed(self._log[mark:]):
            if was:
                cell[key] = old
            else:
                cell.pop(key, None)
        del self._log[mark:]
        return Branch(abrupt, self.path, written, value)

    def _apply(self, first: Branch, second: Branch | None = None) -> None:
        """Write the cells that one side wrote, or that two sides wrote, joined."""
        keys = first.written | (second.written if second is not None else {})
        for place, (cell, key, value) in keys.items():
            whole = value
            if second is not None:
                there = first.written.get(place, (cell, key, cell.get(key)))[2]
                here = second.written.get(place, (cell, key, cell.get(key)))[2]
                whole = _either(there, here)
            self.write(cell, key, whole)


def _either(first: Any, second: Any) -> Any:
    """Return the content of a cell after one side or the other."""
    if isinstance(first, Elements) or isinstance(second, Elements):
        lists = [elements for elements in (first, second) if isinstance(elements, Elements)]
        longest = max(lists, key=lambda elements: len(elements.values))
        is_open = len(lists) < 2 or lists[0] != lists[1] or longest.open  # noqa: PLR2004 - both
        others = (part for elements in lists for part in elements.values)
        failed = [part for part in others if Taint.FAILURE in taints_of(part)]
        lost = (part for part in failed if not any(part is kept for kept in longest.values))
        is_grown = any(elements.grown for elements in lists)
        return Elements((*longest.values, *lost), open=is_open, grown=is_grown)
    if first is None or second is None:
        return joined(Unknown(), first or second or Unknown())
    return joined(first, second)
