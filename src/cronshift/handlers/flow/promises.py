"""The members of promises, ``then``, ``catch``, ``finally``, and Python's ways to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.values import (
    Arguments,
    Native,
    Promise,
    Unknown,
    Value,
    taints_of,
)

if TYPE_CHECKING:
    from cronshift.handlers.flow.machine import Machine


def of_promise(_machine: Machine, owner: Promise, name: str) -> Value | None:
    """Return a member of a promise."""
    if name == "then":
        return Native(name, lambda m, a: _then(m, owner, a))
    if name == "catch":
        return Native(name, lambda m, a: _caught(m, owner, a.at(0), a))
    if name == "finally":
        return Native(name, lambda m, a: _finally(m, owner, a))
    if name == "result":
        return Native(name, lambda m, _a: m.awaited(owner))
    if name in {"add_done_callback", "join", "wait", "on", "once"}:
        return Native(name, lambda m, _a: _waited(m, owner))
    if name in {"start", "unref", "cancel"} or owner.rejected:
        return Native(name, lambda _m, _a: owner)
    return Unknown(taints_of(owner), name=name)


def _waited(machine: Machine, owner: Promise) -> Value:
    machine.consume(owner)
    return owner.value


def _then(machine: Machine, owner: Promise, arguments: Arguments) -> Value:
    if owner.rejected:
        if len(arguments.values) > 1:
            return _caught(machine, owner, arguments.at(1), arguments)
        return _chain(
            machine, owner, machine.promise(owner.value, owner.place, owner.name, rejected=True)
        )
    passed = Arguments((owner.value,), {}, arguments.place, arguments.name)
    if len(arguments.values) > 1:
        machine.ledger.shielded[owner.place] = arguments.place
    made = machine.promised(owner.place, owner.name, lambda: machine.call(arguments.at(0), passed))
    made.errors += owner.errors if len(arguments.values) < 2 else ()  # noqa: PLR2004 - then, catch
    return _chain(machine, owner, made)


def _caught(machine: Machine, owner: Promise, called: Value, arguments: Arguments) -> Value:
    machine.ledger.shielded[owner.place] = arguments.place
    error = owner.value if owner.rejected else failure_in(owner)
    if error is None:
        return _chain(machine, owner, machine.promise(owner.value, owner.place, owner.name))
    machine.path.failed = machine.path.failed or not owner.rejected
    if machine.path.failed:
        machine.catch(arguments.place)
    passed = Arguments((error,), {}, arguments.place, arguments.name)
    machine.catching += machine.path.failed
    made = machine.promised(owner.place, owner.name, lambda: machine.call(called, passed))
    machine.catching -= machine.path.failed
    return _chain(machine, owner, made)


def failure_in(promise: Promise) -> Value | None:
    """Return the error of the way on which a promise is rejected by the failure that is tried out, if one is."""
    ways = (way.abrupt for way in promise.errors if way.path.failed)
    return next((thrown.value for thrown in ways if isinstance(thrown, Thrown)), None)


def _finally(machine: Machine, owner: Promise, arguments: Arguments) -> Value:
    machine.call(arguments.at(0), Arguments((), {}, arguments.place, arguments.name))
    made = machine.promise(owner.value, owner.place, owner.name, rejected=owner.rejected)
    made.errors = owner.errors
    return _chain(machine, owner, made)


def _chain(machine: Machine, owner: Promise, made: Promise) -> Promise:
    """Take note that a promise is waited for through another."""
    machine.ledger.chained[id(owner)] = made
    return made
