"""VALIDATE: generated or served functions against the plan and the engine's limits."""

from cronshift.validation.checking import check
from cronshift.validation.endpoint import inspect_endpoint
from cronshift.validation.package import inspect_package
from cronshift.validation.registration import FunctionConfig, Registration

__all__ = [
    "FunctionConfig",
    "Registration",
    "check",
    "inspect_endpoint",
    "inspect_package",
]
