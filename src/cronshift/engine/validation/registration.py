"""The functions that an app registers with Inngest, read from the wire shape of every SDK.

The shape is the SDKs' registration request and their answer to an in-band sync: a function is
``{"id", "name", "triggers", "steps", …}`` (inngest/inngest ``pkg/sdk/function.go``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import NotWellError
from cronshift.runtime.jobs import CANCELLED_EVENT, CANCELLED_ID

if TYPE_CHECKING:
    from cronshift.model import Location

FAILURE_EVENT = "inngest/function.failed"


class Trigger(Struct, frozen=True):
    """The trigger of a function: a schedule or an event. Both or none is a mistake, and kept."""

    cron: str | None = None
    jitter: str | None = None
    event: str | None = None
    expression: str | None = None


class Step(Struct, frozen=True):
    """The step at whose URL a function is called."""

    id: str
    name: str | None
    url: str | None
    retries: int | None


class ConcurrencyLimit(Struct, frozen=True):
    """The limit of steps that run at once; ``scope`` is ``fn`` when absent."""

    limit: int
    key: str | None = None
    scope: str | None = None


class Rate(Struct, frozen=True):
    """``limit`` runs per ``period``: a throttle or a rate limit."""

    limit: int
    period: str
    key: str | None = None
    burst: int | None = None


class Debounce(Struct, frozen=True):
    """The wait for a pause in events."""

    period: str
    timeout: str | None = None
    key: str | None = None


class Batch(Struct, frozen=True):
    """Events gathered into one run."""

    max_size: int
    timeout: str | None = None
    key: str | None = None


class Cancel(Struct, frozen=True):
    """An event that cancels runs."""

    event: str
    timeout: str | None = None


class FunctionConfig(Struct, frozen=True):
    """One function's registration. Durations are the text that the engine will read.

    Attributes:
        id: with the app's id in front, as the wire has it.
        singleton: the mode, ``skip`` or ``cancel``.
        location: where the function is written, if that is known.
        computed: the options, in the SDK's words, that only running the code would tell; for them
            the other attributes hold nothing.
    """

    id: str
    name: str | None
    triggers: tuple[Trigger, ...]
    steps: tuple[Step, ...]
    start_timeout: str | None = None
    finish_timeout: str | None = None
    concurrency: tuple[ConcurrencyLimit, ...] = ()
    throttle: Rate | None = None
    rate_limit: Rate | None = None
    debounce: Debounce | None = None
    batch: Batch | None = None
    cancel: tuple[Cancel, ...] = ()
    idempotency: str | None = None
    priority: str | None = None
    singleton: str | None = None
    location: Location | None = None
    computed: tuple[str, ...] = ()

    @property
    def retries(self) -> int | None:
        """The number of retries after a failure; ``None`` leaves it to the engine (4)."""
        return next((step.retries for step in self.steps), None)

    @property
    def crons(self) -> tuple[Trigger, ...]:
        """The triggers that are schedules."""
        return tuple(trigger for trigger in self.triggers if trigger.cron is not None)

    @property
    def is_failure_handler(self) -> bool:
        """True for the ``on_failure`` that an SDK registers beside its function."""
        return self.id.endswith("-failure") and any(
            trigger.event == FAILURE_EVENT for trigger in self.triggers
        )

    @property
    def tells_cancelled(self) -> bool:
        """True for the function that tells which runs of the jobs were cancelled."""
        return self.id.endswith(CANCELLED_ID) and any(
            trigger.event == CANCELLED_EVENT for trigger in self.triggers
        )

    @classmethod
    def from_wire(
        cls,
        document: Mapping[str, Any],
        location: Location | None = None,
        *,
        computed: tuple[str, ...] = (),
    ) -> FunctionConfig:
        """Read a function as an SDK sends it; unknown members are left.

        Raises:
            NotWellError: if it is not of that shape.
        """
        try:
            return replace(_function(document, location), computed=computed)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NotWellError(
                f"A function's registration is not of the shape that SDKs send: {error!r} in {document!r:.200}.",
                reason="unreadable-registration",
            ) from error


class Undeclared(Struct, frozen=True):
    """A function that is defined in the package's modules and missing in ``functions``."""

    id: str
    location: Location | None = None


class Unregistrable(Struct, frozen=True):
    """A function whose options the SDK cannot put into a registration."""

    id: str
    problem: str
    location: Location | None = None


class Unloaded(Struct, frozen=True):
    """The code that a job calls in process and that cannot be imported.

    Attributes:
        reference: ``module:attribute``.
        error: what importing it raised.
        is_wrong: whether the code is at fault; else something may only be missing here.
    """

    reference: str
    error: str
    is_wrong: bool
    location: Location | None = None


class Unread(Struct, frozen=True):
    """A part of the list of functions that only running the code would tell.

    Attributes:
        what: as a sentence would go on: ``what `make("mail")` gives``.
    """

    what: str
    location: Location | None = None


class Registration(Struct, frozen=True):
    """The registration of an app, or the part of it that an endpoint tells.

    Attributes:
        app_id: ``None`` when nothing tells it.
        sdk: as in the header ``x-inngest-sdk``: ``inngest-py:v0.5.19``.
        functions: in the order of the app's list, those for failures included; ``None`` when the
            endpoint tells only their number.
        count: how many functions the app serves, those for failures not counted.
        mode: ``dev`` or ``cloud``, where it is told.
        has_signing_key: whether the endpoint has one, where it is told.
        unlisted: why ``functions`` is ``None``, in one sentence.
        unloaded: what jobs call in process and what cannot be imported.
        answering: the ids that it has a function for, where it was asked for each job's.
    """

    app_id: str | None
    sdk: str | None
    functions: tuple[FunctionConfig, ...] | None
    count: int | None = None
    undeclared: tuple[Undeclared, ...] = ()
    unreadable: tuple[Unregistrable, ...] = ()
    unread: tuple[Unread, ...] = ()
    mode: str | None = None
    has_signing_key: bool | None = None
    has_event_key: bool | None = None
    unlisted: str | None = None
    answering: frozenset[str] | None = None
    unloaded: tuple[Unloaded, ...] = ()

    def local_id(self, function_id: str) -> str:
        """Return a function's id without the app's in front."""
        return function_id.removeprefix(f"{self.app_id}-")


def _function(document: Mapping[str, Any], location: Location | None) -> FunctionConfig:
    timeouts = document.get("timeouts") or {}
    return FunctionConfig(
        id=_text(document["id"]),
        name=_maybe_text(document.get("name")),
        triggers=tuple(_trigger(trigger) for trigger in document.get("triggers") or ()),
        steps=tuple(
            _step(key, step, document.get("retries"))
            for key, step in (document.get("steps") or {}).items()
        ),
        start_timeout=_maybe_text(timeouts.get("start")),
        finish_timeout=_maybe_text(timeouts.get("finish")),
        concurrency=tuple(_concurrency(document.get("concurrency"))),
        throttle=_rate(document.get("throttle")),
        rate_limit=_rate(document.get("rateLimit")),
        debounce=_debounce(document.get("debounce")),
        batch=_batch(document.get("batchEvents")),
        cancel=tuple(
            Cancel(_text(cancel["event"]), _maybe_text(cancel.get("timeout")))
            for cancel in document.get("cancel") or ()
        ),
        idempotency=_maybe_text(document.get("idempotency")),
        priority=_maybe_text((document.get("priority") or {}).get("run")),
        singleton=_maybe_text((document.get("singleton") or {}).get("mode")),
        location=location,
    )


def _trigger(document: Mapping[str, Any]) -> Trigger:
    names = ("cron", "jitter", "event", "expression")
    return Trigger(**{name: _maybe_text(document.get(name)) for name in names})


def _step(key: str, document: Mapping[str, Any], default_retries: Any) -> Step:
    retries = (document.get("retries") or {}).get("attempts", default_retries)
    url = (document.get("runtime") or {}).get("url")
    return Step(key, _maybe_text(document.get("name")), _maybe_text(url), _maybe_number(retries))


def _concurrency(limits: Any) -> Iterable[ConcurrencyLimit]:
    """Yield the limits of a number, one object or a list of objects."""
    if limits is None:
        return
    if isinstance(limits, Mapping):
        limits = limits.get("step") or [limits]
    for limit in [{"limit": limits}] if isinstance(limits, int) else limits:
        key, scope = _maybe_text(limit.get("key")), _maybe_text(limit.get("scope"))
        yield ConcurrencyLimit(_number(limit["limit"]), key, scope)


def _rate(document: Mapping[str, Any] | None) -> Rate | None:
    if document is None:
        return None
    return Rate(
        _number(document["limit"]),
        _text(document["period"]),
        _maybe_text(document.get("key")),
        _maybe_number(document.get("burst")),
    )


def _debounce(document: Mapping[str, Any] | None) -> Debounce | None:
    if document is None:
        return None
    timeout, key = _maybe_text(document.get("timeout")), _maybe_text(document.get("key"))
    return Debounce(_text(document["period"]), timeout, key)


def _batch(document: Mapping[str, Any] | None) -> Batch | None:
    if document is None:
        return None
    timeout, key = _maybe_text(document.get("timeout")), _maybe_text(document.get("key"))
    return Batch(_number(document["maxSize"]), timeout, key)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _maybe_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _maybe_number(value: Any) -> int | None:
    return None if value is None else _number(value)
