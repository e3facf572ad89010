"""Python's threads, processes and pools: an error in what they run is raised to nobody but who asks for its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.lists import turned
from cronshift.handlers.flow.values import (
    NOTHING,
    Arguments,
    ListValue,
    Native,
    NativeObject,
    Promise,
    Unknown,
    Value,
    items_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine


def _thread(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``threading.Thread(target=work)``: it goes on once it is started."""
    target = arguments.named.get("target") or arguments.at(1)
    name = _name(target) or arguments.name
    passed = arguments.named.get("args")
    values = passed.elements.values if isinstance(passed, ListValue) else ()

    def of(_machine: Machine, verb: str) -> Value | None:
        if verb == "start":
            return Native(verb, started)
        if verb == "join":
            return Native(verb, lambda m, _a: joined_thread(m))
        return Unknown()

    begun: list[Promise] = []

    def started(machine: Machine, called: Arguments) -> Value:
        begun.append(_begun(machine, target, Arguments(values, {}, called.place, name)))
        return NOTHING

    def joined_thread(machine: Machine) -> Value:
        for promise in begun:
            machine.consume(promise)
        return NOTHING

    return NativeObject("thread", of)


def _executor(_machine: Machine, _arguments: Arguments) -> Value:
    """Read ``ThreadPoolExecutor()``: a ``with`` around it waits for its tasks."""
    thing = NativeObject("executor", lambda _m, _n: None)

    def of(_machine: Machine, name: str) -> Value | None:
        meaning = {"submit": submit, "map": _mapped}.get(name)
        return Native(name, meaning or (lambda _m, _a: Unknown()))

    def submit(machine: Machine, arguments: Arguments) -> Value:
        called, values = arguments.at(0), arguments.values[1:]
        name = _name(called) or arguments.name
        made = _begun(machine, called, Arguments(values, arguments.named, arguments.place, name))
        if thing.data == "entered":
            machine.consume(made)
        return made

    thing.member = of
    return thing


def _name(called: Value) -> str:
    return getattr(getattr(called, "function", None), "name", "")


def _begun(machine: Machine, called: Value, passed: Arguments) -> Promise:
    """Return the promise of what another thread runs; its error stays there till somebody asks for the result."""
    place, name = passed.place, passed.name
    made = machine.promised(place, name, lambda: machine.call(called, passed))
    made.dropped = machine.statement
    machine.ledger.shielded[place], machine.ledger.settled = place, True
    if made.rejected and machine.path.failed:
        machine.catch(place)
    return made


def _mapped(machine: Machine, arguments: Arguments) -> Value:
    """Read ``map(work, rows)``, of a pool too."""
    first = Arguments(arguments.values[:1], {}, arguments.place, arguments.name)
    return turned(machine, arguments.at(1), "map", first)


def _completed(machine: Machine, arguments: Arguments) -> Value:
    """Read ``as_completed(futures)``: of those in the keys of a dict it gives all that were begun."""
    futures = arguments.at(0)
    if isinstance(futures, ListValue):
        return futures
    kept = machine.ledger.shielded
    return items_of(
        *(it for it in machine.ledger.promises if kept.get(it.place) == it.place), is_open=True
    )


MEANINGS: dict[str, Callable[[Machine, Arguments], Value]] = {
    "threading.Thread": _thread,
    "threading:Thread": _thread,
    "multiprocessing.Process": _thread,
    "multiprocessing:Process": _thread,
    "threading.Timer": _thread,
    "ThreadPoolExecutor": _executor,
    "ProcessPoolExecutor": _executor,
    "concurrent.futures.ThreadPoolExecutor": _executor,
    "map": _mapped,
    "as_completed": _completed,
    "concurrent.futures.as_completed": _completed,
    "concurrent.futures:as_completed": _completed,
}
