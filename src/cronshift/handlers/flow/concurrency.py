"""Work that goes on beside the code that starts it: promises, tasks, threads, processes, timers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.promises import failure_in
from cronshift.handlers.flow.refusals import refused_answer
from cronshift.handlers.flow.values import (
    NOTHING,
    Arguments,
    Closure,
    ListValue,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Promise,
    Taint,
    Unknown,
    Value,
    items_of,
    taints_of,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine


_CLOCK = "clock"
"""The name of a promise that resolves by itself: nothing is begun in it."""
_CLOCKS = {_CLOCK, "Promise"}


def _all(machine: Machine, arguments: Arguments) -> Value:
    """Read ``Promise.all([…])`` and ``Promise.any``."""
    return _together(machine, arguments.at(0), arguments)


def _race(machine: Machine, arguments: Arguments) -> Value:
    """Read ``Promise.race([…])``: where a clock wins, what it outruns goes on behind the answer."""
    racing = arguments.at(0)
    promises = racing.elements.values if isinstance(racing, ListValue) else ()
    begun = [value for value in promises if getattr(value, "name", "") not in _CLOCKS]
    if any(isinstance(value, Promise) and value.name == _CLOCK for value in promises):
        machine.ledger.outrun += [value for value in begun if isinstance(value, Promise)]
    made = _together(machine, racing, arguments)
    if isinstance(made, Promise) and not made.rejected and len(begun) == 1:
        made.value = begun[0].value if isinstance(begun[0], Promise) else begun[0]
    return made


def _together(machine: Machine, promises: Value, arguments: Arguments) -> Value:
    machine.consume(promises)
    machine.wait_for(promises)
    values = promises.elements.values if isinstance(promises, ListValue) else ()
    parts = {promise.place for promise in values if isinstance(promise, Promise)}
    machine.ledger.returned.setdefault(arguments.place, set()).update(parts)
    failed = next(
        (promise for promise in values if isinstance(promise, Promise) and promise.rejected), None
    )
    if failed is not None:
        return machine.promise(failed.value, arguments.place, arguments.name, rejected=True)
    results = [promise.value if isinstance(promise, Promise) else promise for promise in values]
    is_open = not isinstance(promises, ListValue) or promises.elements.open
    made = machine.promise(items_of(*results, is_open=is_open), arguments.place, arguments.name)
    made.errors = tuple(
        e for promise in values if isinstance(promise, Promise) for e in promise.errors
    )
    return made


def _settled(machine: Machine, arguments: Arguments) -> Value:
    """Read ``Promise.allSettled([…])``: it never fails, and its list tells the failures."""
    promises = arguments.at(0)
    machine.ledger.settled = True
    machine.consume(promises)
    machine.wait_for(promises)
    values = promises.elements.values if isinstance(promises, ListValue) else ()
    return machine.promise(
        items_of(*(_settlement(machine, promise, arguments) for promise in values)),
        arguments.place,
        arguments.name,
    )


def _settlement(machine: Machine, promise: Value, arguments: Arguments) -> Value:
    if not isinstance(promise, Promise):
        return ObjectValue({"status": PlainValue("fulfilled"), "value": promise})
    machine.ledger.shielded[promise.place] = arguments.place
    error = promise.value if promise.rejected else failure_in(promise)
    if error is None:
        return ObjectValue({"status": PlainValue("fulfilled"), "value": promise.value})
    machine.path.failed = machine.path.failed or not promise.rejected
    if machine.path.failed:
        machine.catch(arguments.place)
    return ObjectValue({"status": PlainValue("rejected", error.taints), "reason": error})


def _resolved(machine: Machine, arguments: Arguments) -> Value:
    if isinstance(arguments.at(0), Promise | Unknown | NativeObject):
        return arguments.at(0)  # what is a promise already, or may be
    made = machine.promise(arguments.at(0), arguments.place, arguments.name)
    machine.consume(made)  # nothing goes on in it
    return made


def _rejected(machine: Machine, arguments: Arguments) -> Value:
    return machine.promise(arguments.at(0), arguments.place, arguments.name, rejected=True)


def _new_promise(machine: Machine, arguments: Arguments) -> Value:
    """Read ``new Promise((resolve) => …)``: work started in it is waited for through it.

    Where none is, as in a lock or a clock, nothing is lost when nobody waits.
    """
    errors: list[Value] = []
    results: list[Value] = []
    troubled: list[Value] = []
    resolve = Native("resolve", lambda m, a: _resolve(a, troubled if m.in_trouble else results))
    reject = Native("reject", lambda m, a: _refuse(m, a, errors))
    before, later = len(machine.ledger.promises), len(machine.ledger.later)
    sites = len(machine.ledger.sites)
    both = Arguments((resolve, reject), {}, arguments.place, "executor")
    machine.call(arguments.at(0), both)
    for promise in machine.ledger.promises[before:]:
        machine.consume(promise)
    del machine.ledger.later[later:]
    if errors:
        return machine.promise(errors[0], arguments.place, "Promise", rejected=True)
    is_idle = sites == len(machine.ledger.sites)
    is_clock = bool(results) and is_idle
    heard = troubled or results  # where the failure that is tried out went that way
    value = heard[0] if len(heard) == 1 else Unknown(alternatives=tuple(heard))
    made = machine.promise(value, arguments.place, _CLOCK if is_clock else "Promise")
    if is_idle:
        machine.consume(made)
    return made


def _resolve(arguments: Arguments, results: list[Value]) -> Value:
    results.append(arguments.at(0))
    return NOTHING


def _refuse(machine: Machine, arguments: Arguments, errors: list[Value]) -> Value:
    """Read ``reject(error)``: the failure that is tried out goes on to who waits for the promise."""
    error = arguments.at(0)
    if machine.path.failed and Taint.FAILURE in taints_of(error):
        machine.path.caught = None
        errors.append(error)
    return NOTHING


def _timer(machine: Machine, arguments: Arguments) -> Value:
    """Read ``setTimeout(callback, …)``: nobody waits for the callback's work."""
    called = arguments.at(0)
    if not isinstance(called, Closure | Native):
        return Unknown(name="timer")
    before = len(machine.ledger.promises)
    machine.within.append(arguments.place)
    try:
        machine.consume(machine.call(called, Arguments((), {}, arguments.place, "callback")))
    finally:
        machine.within.pop()
    begun = machine.ledger.promises[before:]
    for promise in begun:
        machine.consume(promise)
    if not begun:
        return Unknown(name="timer")
    made = machine.promise(Unknown(), arguments.place, arguments.name)
    made.dropped = machine.statement
    return NativeObject("timer", lambda _m, name: Unknown(name=name), data=made)


def _cleared(machine: Machine, arguments: Arguments) -> Value:
    """Read ``clearTimeout(timer)``: what is called off where the work is done leaves nothing behind."""
    timer = arguments.at(0)
    if isinstance(timer, NativeObject) and isinstance(timer.data, Promise):
        machine.consume(timer.data)
    return NOTHING


def _process(machine: Machine, arguments: Arguments) -> Value:
    """Read ``spawn("node", […])``: a process that goes on."""
    machine.visit(arguments.place, arguments.name or "spawn", followed=False)
    made = machine.promise(Unknown(name="child"), arguments.place, arguments.name)
    made.dropped = machine.statement
    return made


def _promisified(_machine: Machine, arguments: Arguments) -> Value:
    name = getattr(arguments.at(0), "name", "")

    def run(machine: Machine, called_with: Arguments) -> Value:
        machine.visit(called_with.place, called_with.name or name, followed=False)
        if machine.fails(called_with.place):
            return machine.failure(called_with.place, called_with.name, promised=True)
        return machine.promise(Unknown(), called_with.place, called_with.name)

    return Native(name, run)


def _fetch(machine: Machine, arguments: Arguments) -> Value:
    """Read ``fetch(…)``; it is noted as a write where its method says so."""
    options = arguments.at(1)
    method = options.cell.get("method") if isinstance(options, ObjectValue) else None
    verb = method.value if isinstance(method, PlainValue) else None
    sends = isinstance(verb, str) and verb.upper() not in {"GET", "HEAD"}
    tells = not arguments.name.endswith("$fetch")  # which throws where the other side refuses
    name = "fetch" if tells else "$fetch"
    machine.visit(arguments.place, name, followed=False, written="send" if sends else "")
    if machine.fails(arguments.place):
        if machine.world.refused and tells:
            return machine.promise(refused_answer(machine), arguments.place, "fetch")
        return machine.failure(arguments.place, "fetch", promised=True)
    return machine.promise(Unknown(name="response"), arguments.place, "fetch")


def _fetch_member(_machine: Machine, name: str) -> Value:
    return FETCH if name in {"default", "fetch"} else Unknown(name=name)


FETCH = NativeObject("fetch", _fetch_member, call=_fetch)
"""What packages export that are ``fetch`` by another way: node-fetch and its like."""

# Python


def _task(machine: Machine, arguments: Arguments) -> Value:
    """Read ``asyncio.create_task(work())``."""
    coroutine = arguments.at(0)
    machine.consume(coroutine)
    rejected = isinstance(coroutine, Promise) and coroutine.rejected
    value = coroutine.value if isinstance(coroutine, Promise) else Unknown()
    place = coroutine.place if isinstance(coroutine, Promise) else arguments.place
    made = machine.promise(value, place, _named(coroutine, arguments), rejected=rejected)
    made.dropped = machine.statement
    return made


def _named(coroutine: Value, arguments: Arguments) -> str:
    return coroutine.name if isinstance(coroutine, Promise) else arguments.name


def _gathered(machine: Machine, arguments: Arguments) -> Value:
    coroutines = items_of(*arguments.values)
    if truth(arguments.named.get("return_exceptions", PlainValue(value=False))):
        machine.consume(coroutines)
        return _settled_python(machine, arguments)
    return _together(machine, coroutines, arguments)


def _settled_python(machine: Machine, arguments: Arguments) -> Value:
    results: list[Value] = []
    for coroutine in arguments.values:
        if isinstance(coroutine, Promise):
            machine.ledger.shielded[coroutine.place] = arguments.place
            if coroutine.rejected and machine.path.failed:
                machine.catch(arguments.place)
        results.append(coroutine.value if isinstance(coroutine, Promise) else coroutine)
    return machine.promise(items_of(*results), arguments.place, arguments.name)


def _run(machine: Machine, arguments: Arguments) -> Value:
    """Read ``asyncio.run(work())``: it waits."""
    return machine.awaited(arguments.at(0))


def _background(_machine: Machine, name: str) -> Value | None:
    return Native(name, _added_task) if name == "add_task" else Unknown()


def _added_task(machine: Machine, arguments: Arguments) -> Value:
    machine.ledger.later.append(
        (machine.statement or arguments.place, f"{arguments.name}(…)", False)
    )
    return NOTHING


BACKGROUND = NativeObject("background tasks", _background)
MEANINGS: dict[str, Callable[[Machine, Arguments], Value]] = {
    "Promise": _new_promise,
    "Promise.all": _all,
    "Promise.race": _race,
    "Promise.any": _all,
    "Promise.allSettled": _settled,
    "Promise.resolve": _resolved,
    "Promise.reject": _rejected,
    "setTimeout": _timer,
    "clearTimeout": _cleared,
    "clearInterval": _cleared,
    "setImmediate": _timer,
    "setInterval": _timer,
    "queueMicrotask": _timer,
    "process.nextTick": _timer,
    "child_process:spawn": _process,
    "child_process:exec": _process,
    "child_process:fork": _process,
    "child_process:execFile": _process,
    "child_process.spawn": _process,
    "child_process.exec": _process,
    "child_process.fork": _process,
    "promisify": _promisified,
    "util.promisify": _promisified,
    "fetch": _fetch,
    "$fetch": _fetch,
    "asyncio.create_task": _task,
    "asyncio.ensure_future": _task,
    "create_task": _task,
    "asyncio.run_coroutine_threadsafe": _task,
    "asyncio.gather": _gathered,
    "asyncio.wait": _gathered,
    "asyncio.run": _run,
    "asyncio.wait_for": lambda _m, a: a.at(0),
    "asyncio.shield": lambda _m, a: a.at(0),
    "subprocess.Popen": _process,
    "BackgroundTasks": lambda _m, _a: BACKGROUND,
}
