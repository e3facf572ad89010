"""Work that goes on beside the code that starts it: promises, tasks, threads, processes, timers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.values import (
    NOTHING,
    Arguments,
    Closure,
    Fields,
    Items,
    Native,
    Plain,
    Promise,
    Thing,
    Unknown,
    Value,
    items_of,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine


def _all(machine: Machine, arguments: Arguments) -> Value:
    """Read ``Promise.all([…])`` and ``Promise.race``, ``Promise.any``."""
    return _together(machine, arguments.at(0), arguments)


def _together(machine: Machine, given: Value, arguments: Arguments) -> Value:
    machine.consume(given)
    values = given.held.values if isinstance(given, Items) else ()
    failed = next((one for one in values if isinstance(one, Promise) and one.rejected), None)
    if failed is not None:
        return machine.promise(failed.value, arguments.place, arguments.name, rejected=True)
    held = [one.value if isinstance(one, Promise) else one for one in values]
    is_open = not isinstance(given, Items) or given.held.open
    return machine.promise(items_of(*held, is_open=is_open), arguments.place, arguments.name)


def _settled(machine: Machine, arguments: Arguments) -> Value:
    """Read ``Promise.allSettled([…])``: it never fails, and tells in its list what did."""
    given = arguments.at(0)
    machine.consume(given)
    values = given.held.values if isinstance(given, Items) else ()
    return machine.promise(
        items_of(*(_settlement(machine, one, arguments) for one in values)),
        arguments.place,
        arguments.name,
    )


def _settlement(machine: Machine, one: Value, arguments: Arguments) -> Value:
    if not isinstance(one, Promise):
        return Fields({"status": Plain("fulfilled"), "value": one})
    machine.ledger.shielded[one.place] = arguments.place
    if not one.rejected:
        return Fields({"status": Plain("fulfilled"), "value": one.value})
    if machine.path.failed and machine.path.caught is None:
        machine.path.caught = arguments.place
    return Fields({"status": Plain("rejected", one.value.taints), "reason": one.value})


def _resolved(machine: Machine, arguments: Arguments) -> Value:
    made = machine.promise(arguments.at(0), arguments.place, arguments.name)
    machine.consume(made)  # nothing goes on in it
    return made


def _rejected(machine: Machine, arguments: Arguments) -> Value:
    return machine.promise(arguments.at(0), arguments.place, arguments.name, rejected=True)


def _new_promise(machine: Machine, arguments: Arguments) -> Value:
    """Read ``new Promise((resolve) => …)``: what is started in it is waited for through it."""
    resolve = Native("resolve", lambda _m, _a: NOTHING)
    before, later = len(machine.ledger.promises), len(machine.ledger.later)
    given = Arguments((resolve, resolve), {}, arguments.place, "executor")
    machine.call(arguments.at(0), given)
    for one in machine.ledger.promises[before:]:
        machine.consume(one)
    del machine.ledger.later[later:]
    return machine.promise(Unknown(), arguments.place, "Promise")


def _timer(machine: Machine, arguments: Arguments) -> Value:
    """Read ``setTimeout(callback, …)``: what its callback does nobody waits for."""
    called = arguments.at(0)
    if not isinstance(called, Closure):
        return Unknown(name="timer")
    before = len(machine.ledger.promises)
    result = machine.call(called, Arguments((), {}, arguments.place, "callback"))
    machine.consume(result)
    begun = machine.ledger.promises[before:]
    for one in begun:
        machine.consume(one)
    if begun:
        machine.promise(Unknown(), arguments.place, arguments.name).dropped = machine.statement
    return Unknown(name="timer")


def _process(machine: Machine, arguments: Arguments) -> Value:
    """Read ``spawn("node", […])``: a process that goes on."""
    machine.visit(arguments.place, arguments.name or "spawn", followed=False)
    made = machine.promise(Unknown(name="child"), arguments.place, arguments.name)
    made.dropped = machine.statement
    return made


def _promisified(_machine: Machine, arguments: Arguments) -> Value:
    name = getattr(arguments.at(0), "name", "")

    def run(machine: Machine, given: Arguments) -> Value:
        machine.visit(given.place, given.name or name, followed=False)
        if machine.fails(given.place):
            return machine.failure(given.place, given.name, promised=True)
        return machine.promise(Unknown(), given.place, given.name)

    return Native(name, run)


def _fetch(machine: Machine, arguments: Arguments) -> Value:
    """Read ``fetch(…)``; what it sends is noted as written where its method says so."""
    options = arguments.at(1)
    method = options.cell.get("method") if isinstance(options, Fields) else None
    told = method.value if isinstance(method, Plain) else None
    sends = isinstance(told, str) and told.upper() not in {"GET", "HEAD"}
    machine.visit(arguments.place, "fetch", followed=False, written="send" if sends else "")
    if machine.fails(arguments.place):
        return machine.failure(arguments.place, "fetch", promised=True)
    return machine.promise(Unknown(name="response"), arguments.place, "fetch")


# Python


def _task(machine: Machine, arguments: Arguments) -> Value:
    """Read ``asyncio.create_task(work())``."""
    given = arguments.at(0)
    machine.consume(given)
    rejected = isinstance(given, Promise) and given.rejected
    value = given.value if isinstance(given, Promise) else Unknown()
    place = given.place if isinstance(given, Promise) else arguments.place
    made = machine.promise(value, place, _named(given, arguments), rejected=rejected)
    made.dropped = machine.statement
    return made


def _named(given: Value, arguments: Arguments) -> str:
    return given.name if isinstance(given, Promise) else arguments.name


def _gathered(machine: Machine, arguments: Arguments) -> Value:
    given = items_of(*arguments.values)
    if truth(arguments.named.get("return_exceptions", Plain(value=False))):
        machine.consume(given)
        return _settled_python(machine, arguments)
    return _together(machine, given, arguments)


def _settled_python(machine: Machine, arguments: Arguments) -> Value:
    results: list[Value] = []
    for one in arguments.values:
        if isinstance(one, Promise):
            machine.ledger.shielded[one.place] = arguments.place
            if one.rejected and machine.path.failed and machine.path.caught is None:
                machine.path.caught = arguments.place
        results.append(one.value if isinstance(one, Promise) else one)
    return machine.promise(items_of(*results), arguments.place, arguments.name)


def _run(machine: Machine, arguments: Arguments) -> Value:
    """Read ``asyncio.run(work())``: it waits."""
    return machine.awaited(arguments.at(0))


def _thread(_machine: Machine, arguments: Arguments) -> Value:
    """Read ``threading.Thread(target=work)``: it goes on once it is started."""
    target = arguments.named.get("target") or arguments.at(1)
    name = getattr(getattr(target, "function", None), "name", "") or arguments.name

    def of(_machine: Machine, verb: str) -> Value | None:
        if verb == "start":
            return Native(verb, started)
        if verb == "join":
            return Native(verb, lambda m, _a: joined_thread(m))
        return Unknown()

    begun: list[Promise] = []

    def started(machine: Machine, called: Arguments) -> Value:
        promise = machine.promise(Unknown(), called.place, name)
        promise.dropped = machine.statement
        begun.append(promise)
        return NOTHING

    def joined_thread(machine: Machine) -> Value:
        for one in begun:
            machine.consume(one)
        return NOTHING

    return Thing("thread", of)


def _executor(_machine: Machine, _arguments: Arguments) -> Value:
    """Read ``ThreadPoolExecutor()``: a ``with`` around it waits for what it runs."""
    thing = Thing("executor", lambda _m, _n: None)

    def of(_machine: Machine, name: str) -> Value | None:
        if name == "submit":
            return Native(name, submit)
        if name == "map":
            return Native(name, lambda _m, a: items_of(is_open=True, taints=a.taints))
        return Native(name, lambda _m, _a: Unknown())

    def submit(machine: Machine, arguments: Arguments) -> Value:
        made = machine.promise(Unknown(), arguments.place, _submitted(arguments))
        made.dropped = machine.statement
        if thing.data == "entered":
            machine.consume(made)
        return made

    thing.member = of
    return thing


def _submitted(arguments: Arguments) -> str:
    first = arguments.at(0)
    return first.function.name if isinstance(first, Closure) else arguments.name


def _background(_machine: Machine, name: str) -> Value | None:
    return Native(name, _added_task) if name == "add_task" else Unknown()


def _added_task(machine: Machine, arguments: Arguments) -> Value:
    machine.ledger.later.append(
        (machine.statement or arguments.place, f"{arguments.name}(…)", False)
    )
    return NOTHING


BACKGROUND = Thing("background tasks", _background)
MEANINGS: dict[str, Callable[[Machine, Arguments], Value]] = {
    "Promise": _new_promise,
    "Promise.all": _all,
    "Promise.race": _all,
    "Promise.any": _all,
    "Promise.allSettled": _settled,
    "Promise.resolve": _resolved,
    "Promise.reject": _rejected,
    "setTimeout": _timer,
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
    "threading.Thread": _thread,
    "threading:Thread": _thread,
    "multiprocessing.Process": _thread,
    "multiprocessing:Process": _thread,
    "threading.Timer": _thread,
    "subprocess.Popen": _process,
    "ThreadPoolExecutor": _executor,
    "ProcessPoolExecutor": _executor,
    "concurrent.futures.ThreadPoolExecutor": _executor,
    "BackgroundTasks": lambda _m, _a: BACKGROUND,
}
