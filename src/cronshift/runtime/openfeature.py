"""An OpenFeature provider over the ownership file: a flow's flag, asked for in the usual way.

``api.set_provider(OwnershipProvider())``; then the boolean flag named like a flow is true for a
user (the targeting key) whom Inngest serves. The same user stays on the same side.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider import AbstractProvider, Metadata

from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.ownership import Owner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openfeature.evaluation_context import EvaluationContext

T = TypeVar("T")


class OwnershipProvider(AbstractProvider):
    """Answers boolean flags (is it Inngest's?) and text flags (whose is it?) of flows.

    Args:
        source: where the ownership file comes from.
        clock: the present instant, aware.
    """

    def __init__(
        self,
        source: Source = SOURCE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self._source = source
        self._clock = clock

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata("cronshift")

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """Return whether Inngest serves the targeting key in the flow ``flag_key``."""
        return self._resolve(
            flag_key, default_value, evaluation_context, lambda owner: owner is Owner.INNGEST
        )

    def resolve_string_details(
        self,
        flag_key: str,
        default_value: str,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[str]:
        """Return the side that serves the targeting key: ``inngest`` or ``vercel``."""
        return self._resolve(flag_key, default_value, evaluation_context, str)

    def resolve_integer_details(
        self,
        flag_key: str,  # noqa: ARG002 - the protocol's
        default_value: int,
        evaluation_context: EvaluationContext | None = None,  # noqa: ARG002 - the protocol's
    ) -> FlagResolutionDetails[int]:
        """Return the default: an owner is no number."""
        return _mismatch(default_value)

    def resolve_float_details(
        self,
        flag_key: str,  # noqa: ARG002 - the protocol's
        default_value: float,
        evaluation_context: EvaluationContext | None = None,  # noqa: ARG002 - the protocol's
    ) -> FlagResolutionDetails[float]:
        """Return the default: an owner is no number."""
        return _mismatch(default_value)

    def resolve_object_details(
        self,
        flag_key: str,  # noqa: ARG002 - the protocol's
        default_value: Sequence[Any] | Mapping[str, Any],
        evaluation_context: EvaluationContext | None = None,  # noqa: ARG002 - the protocol's
    ) -> FlagResolutionDetails[Any]:
        """Return the default: an owner is no object."""
        return _mismatch(default_value)

    def _resolve(
        self,
        flow: str,
        default: T,
        context: EvaluationContext | None,
        answer: Callable[[Owner], T],
    ) -> FlagResolutionDetails[T]:
        current = self._source.current()
        if current is None:
            return _failed(default, ErrorCode.PROVIDER_NOT_READY, "there is no ownership file")
        if flow not in current.ownership.flows:
            return _failed(default, ErrorCode.FLAG_NOT_FOUND, f"there is no flow {flow}")
        key = context.targeting_key if context else None
        if not key:
            return _failed(default, ErrorCode.TARGETING_KEY_MISSING, "who is it for?")
        owner = current.ownership.flow_owner(flow, key, self._clock())
        return FlagResolutionDetails(
            answer(owner), reason=Reason.TARGETING_MATCH, variant=str(owner)
        )


def _mismatch(default: T) -> FlagResolutionDetails[T]:
    return _failed(default, ErrorCode.TYPE_MISMATCH, "flows are asked for as booleans or text")


def _failed(default: T, code: ErrorCode, message: str) -> FlagResolutionDetails[T]:
    return FlagResolutionDetails(
        default, reason=Reason.ERROR, error_code=code, error_message=message
    )
