"""Fan-out: one durable step for every value, so that one model's failure costs one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inngest import NonRetriableError, StepError

from cronshift.runtime.answers import Answer
from cronshift.runtime.beginning import due
from cronshift.runtime.calls import finished, witness_of
from cronshift.runtime.rows import Rows
from cronshift.runtime.witness import attempted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from inngest import Context

    from cronshift.runtime.calls import Call, CallHandler

_MOST_STEPS = 990  # of a run, besides its own


async def fan_out(  # noqa: PLR0913 - read as a sentence where it is called
    ctx: Context,
    call: Call,
    handler: CallHandler,
    *,
    param: str,
    values: Sequence[str] | Rows,
    parallel: bool = False,
) -> Answer:
    """Have the call answered once for every value, each in a step with retries of its own.

    A value that fails for good does not stop the others; at the end the run fails and says which.

    Args:
        ctx: the run.
        call: what every step calls, with ``param=value`` behind its query.
        handler: what answers.
        param: the parameter's name.
        values: its values, in the order of the steps, or what gives them at this run.
        parallel: plan all steps at once; else one begins when the one before has ended.

    Returns:
        The number of values that succeeded; their answers are the steps' outputs.

    Raises:
        NonRetriableError: if a value failed; its steps have used their retries.
    """
    if answer := await due(ctx, call, handler):
        return answer
    texts = await ctx.step.run("items", _in_steps, values) if isinstance(values, Rows) else values
    branches = tuple(_branch(ctx, call.begun, handler, param, value) for value in texts)
    if parallel and branches:
        outcomes = await ctx.group.parallel(branches)
    else:
        outcomes = tuple([await branch() for branch in branches])
    failures = [
        f"{param}={value}: {failure}"
        for value, failure in zip(texts, outcomes, strict=True)
        if failure
    ]
    # Not a step: done again at a re-entry, it changes nothing.
    with attempted(witness_of(call, handler.secret_env), 1):
        if failures:
            what = f"{len(failures)} of {len(texts)} failed"
            raise NonRetriableError(f"{what}. {'; '.join(failures)}")
        await finished(call, handler.secret_env)
    return Answer(status=200, body={"succeeded": len(texts)}, bytes=0, cut=False)


async def _in_steps(rows: Rows) -> list[str]:
    """Return values for which a run can have a step each."""
    values = await rows.values()
    if len(values) > _MOST_STEPS:
        raise NonRetriableError(
            f"{len(values)} rows are more than the steps of a run:"
            ' cronshift.toml can say mode = "runs"'
        )
    return values


def _branch(
    ctx: Context, call: Call, handler: CallHandler, param: str, value: str
) -> Callable[[], Awaitable[str | None]]:
    """Return a function that runs the step of one value and returns its final failure, if any."""

    async def branch() -> str | None:
        single = call.with_parameter(param, value)
        try:
            outcome: dict[str, Any] = await ctx.step.run(
                f"call {param}={value}", _answer, handler, single
            )
        except StepError as error:
            return error.message
        failed: str | None = outcome.get("failed")
        return failed

    return branch


async def _answer(handler: CallHandler, call: Call) -> dict[str, Any]:
    """Return the answer, or as data why no attempt can help.

    The Python SDK fails the whole run for a NonRetriableError inside a step.
    """
    try:
        return {**await handler.send(call)}
    except NonRetriableError as error:
        return {"failed": str(error)}
