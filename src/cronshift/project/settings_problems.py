"""The problems of a cronshift.toml, each in a sentence with its line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.project.settings_schema import SCHEMA
from cronshift.project.thresholds import Metric, over, tolerance
from cronshift.project.toml_lines import key_lines, nearest_line
from cronshift.runtime.schedule.durations import parse_duration
from cronshift.targets import target_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_TYPES = {
    "string": "text in quotes",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a table",
    "array": "a list",
}


class SettingsProblem(Struct, frozen=True):
    """One problem of the file, and its line."""

    line: int
    sentence: str


def problems(document: Mapping[str, Any], text: str) -> list[SettingsProblem]:
    """Return everything in a document that the schema does not allow, from the top down.

    Args:
        document: what was read.
        text: what it was read from.
    """
    import jsonschema

    checker = jsonschema.FormatChecker(formats=())
    checker.checks("cronshift-duration", raises=ValueError)(
        lambda value: not isinstance(value, str) or bool(parse_duration(value))
    )
    checker.checks("cronshift-target")(
        lambda value: not isinstance(value, str) or value in target_names()
    )
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=checker)
    errors = list(validator.iter_errors(document))
    sentences = [sentence for error in errors for sentence in _sentences(error)]
    if not errors:
        common = document.get("rollout", {})
        sentences = list(_turned_around(common, ("rollout",)))
        for job, table in document.get("jobs", {}).items():
            if "rollout" in table:
                both = over(common, table["rollout"])
                sentences += _turned_around(both, ("jobs", job, "rollout"))
    lines = key_lines(text) if sentences else {}
    wrong = [SettingsProblem(nearest_line(lines, path), sentence) for path, sentence in sentences]
    return sorted(wrong, key=lambda problem: problem.line)


def _turned_around(
    rollout: Mapping[str, Any], place: tuple[str, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the measures whose unacceptable share is none that is worse than the acceptable one."""
    for measure in Metric:
        limits = tolerance(rollout, measure)
        if limits.unacceptable <= limits.acceptable:
            sentence = (
                f"`{'.'.join((*place, measure))}` calls {limits.unacceptable} unacceptable, and must leave that"
                f" above what is acceptable, {limits.acceptable}"
            )
            yield (*place, measure.value), sentence


def _sentences(error: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the sentences of an error, each with the path of its key."""
    path = tuple(error.absolute_path)
    name = f"`{'.'.join(map(str, path))}`" if path else "the file"
    value, rule = error.instance, error.validator_value
    if error.validator == "additionalProperties":
        keys = sorted(error.schema["properties"])
        return [((*path, key), _unknown(name, key, keys)) for key in value if key not in keys]
    if error.validator == "propertyNames" or "propertyNames" in error.schema_path:
        return [((*path, value), f"{name} has the name {value!r}, which is not {_form(error)}")]
    if error.validator == "required":
        missing = [key for key in rule if key not in value]
        return (
            [(path, f"{name} lacks {' and '.join(missing)}")]
            if error.message.startswith(repr(missing[0]))
            else []
        )
    return [(path, f"{name} {_wrong(error)}")]


def _unknown(name: str, key: str, keys: list[str]) -> str:
    close = get_close_matches(key, keys, n=1)
    meant = f"did you mean {close[0]}?" if close else f"known: {', '.join(keys)}"
    return f"{name} has an unknown key {key} ({meant})"


def _wrong(error: Any) -> str:
    """Return the fault of a value, reading on from its name."""
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "type":
            return f"is {_spelt(value)}, and must be {_TYPES.get(rule, rule)}"
        case "enum":
            return f"is {_spelt(value)}, and must be {_either(rule)}"
        case "minimum":
            return f"is {value}, and must be at least {rule}"
        case "maximum":
            return f"is {value}, and may be at most {rule}"
        case "minLength" | "minItems":
            return "must not be empty"
        case "uniqueItems":
            return "names something twice"
        case "minProperties" | "maxProperties":
            return f"must have exactly one of {_either(sorted(error.schema['properties']))}"
        case "format" if rule == "cronshift-target":
            return f"is {value!r}, and the targets are {' and '.join(target_names())}"
        case "format":
            return f"is {value!r}, which is no duration (write 90s, 15m, 1h30m)"
    return f"is {_spelt(value)}, which is not {_form(error)}"


def _form(error: Any) -> str:
    return str(error.schema.get("description", "of the form that is asked for"))


def _either(values: list[Any]) -> str:
    *others, last = [str(value) for value in values]
    return f"{', '.join(others)} or {last}" if others else last


def _spelt(value: Any) -> str:
    """Return a value as the file spells it."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "a table"
        case list():
            return "a list"
    return repr(value)
