"""VALIDATE: generated or served functions against the plan and the engine's limits."""

from cronshift.engine.validation.checking import check
from cronshift.engine.validation.endpoint import inspect_endpoint
from cronshift.engine.validation.package import inspect_package
from cronshift.engine.validation.registration import FunctionConfig, Registration

__all__ = [
    "FunctionConfig",
    "Registration",
    "check",
    "inspect_endpoint",
    "inspect_package",
]
