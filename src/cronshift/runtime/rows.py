"""Fan-outs over rows that a function of the app returns at every run."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from inngest import Event, NonRetriableError

from cronshift.runtime import wire
from cronshift.runtime.answers import Answer
from cronshift.runtime.beginning import due
from cronshift.runtime.calls import Call, finished, witness_of
from cronshift.runtime.loading import load
from cronshift.runtime.ownership import tick_text
from cronshift.runtime.witness import attempted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inngest import Context

    from cronshift.runtime.calls import CallHandler
    from cronshift.runtime.jobs import JobSpec

_BATCH = 500  # events that one step sends


@dataclass(frozen=True, slots=True)
class Rows:
    """Values that a function of the app returns.

    Attributes:
        function: ``module:function`` or ``file.py:function``; it takes nothing, and may be async.
        key: what of a row is its value: a key or an attribute; ``None`` where the row itself is.
    """

    function: str
    key: str | None = None

    async def values(self) -> list[str]:
        """Return the keys that tell the rows apart, each once, in their order.

        Raises:
            NonRetriableError: if there is no such function, it gives no list, or a row no value.
            Exception: what the function raises.
        """
        function = load(self.function)
        if inspect.iscoroutinefunction(function):
            rows = await function()
        else:
            rows = await asyncio.to_thread(_listed, function)
        if not isinstance(rows, list | tuple):
            raise NonRetriableError(f"{self.function} gave no list")
        return list(dict.fromkeys(self._value(at, row) for at, row in enumerate(rows)))

    def _value(self, at: int, row: Any) -> str:
        value = row
        if self.key is not None:
            is_table = isinstance(row, dict)
            value = row.get(self.key) if is_table else getattr(row, self.key, None)
        if isinstance(value, bool) or not isinstance(value, str | int | UUID):
            raise NonRetriableError(f"row {at} has no {self.key or 'text or number'}")
        return str(value)


def _listed(function: Any) -> Any:
    """Return a function's result, as a list where it is read as it goes (a query, a generator)."""
    rows = function()
    is_read = not isinstance(rows, str | bytes | dict) and hasattr(rows, "__iter__")
    return list(rows) if is_read else rows


async def send_rows(
    ctx: Context, call: Call, handler: CallHandler, event: str, *, values: Rows | Sequence[str]
) -> Answer:
    """Send an event for every value, so that each has a run of its own; a run sends each but once.

    Args:
        ctx: the run.
        call: what it is for.
        handler: what does the rows, each in its run.
        event: the name of the event.
        values: what each of them is for.
    """
    if answer := await due(ctx, call, handler):
        return answer
    texts = await ctx.step.run("items", values.values) if isinstance(values, Rows) else [*values]
    by_hand = {} if call.scheduled else {"cronshift": wire.BY_HAND}
    for number, start in enumerate(range(0, len(texts), _BATCH)):
        events = [
            Event(
                id=f"{call.run_id} {value}",
                name=event,
                data={"value": value, "scheduledAt": tick_text(call.tick), **by_hand},
            )
            for value in texts[start : start + _BATCH]
        ]
        await ctx.step.send_event(f"send {number}", events)
    # Not a step: done again at a re-entry, it changes nothing.
    with attempted(witness_of(call, handler.secret_env), 1):
        await finished(call, handler.secret_env)
    return Answer(status=200, body={"sent": len(texts)}, bytes=0, cut=False)


def row_call(job: JobSpec, ctx: Context, param: str) -> Call:
    """Return the call of the run that one row has.

    Raises:
        NonRetriableError: if the event has no value.
    """
    return Call.of(job, ctx).begun.with_parameter(param, row_value(ctx.event.data))


def row_value(data: Any) -> str:
    """Return the value that a row's event is for; raises NonRetriableError where it has none."""
    value = data.get("value") if isinstance(data, dict) else None
    if not isinstance(value, str):
        raise NonRetriableError("the event has no value")
    return value
