"""The environment: its variables, and the modules and schemas that apps read them through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.flow import code
from cronshift.handlers.flow.code import UNDEFINED
from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    Arguments,
    Fields,
    Items,
    Kind,
    Native,
    Plain,
    Taint,
    Thing,
    Unknown,
    Value,
    text_of,
)
from cronshift.handlers.flow.worlds import secret, secrets_in

if TYPE_CHECKING:
    from cronshift.handlers.flow.machine import Machine

_SECRET = frozenset({Taint.SECRET})
_LOOSENING = {"optional", "nullish", "nullable", "default", "catch"}
_SETTINGS = {"BaseSettings"}
_OF_PROJECT = re.compile(r"[.@~#$]/|\$env/|astro:env|~|\.\.?/|@(?:env|config|lib)\b")
_NUXT = ("nuxt.config.ts", "nuxt.config.js", "nuxt.config.mjs")
_METHODS = {"get", "toObject", "has", "copy"}


def variable(machine: Machine, name: str, missing: Value | None = None) -> Value:
    """Return a variable's value, or what stands for one that is not set."""
    held = machine.world.variable(name)
    if held is None:
        return missing or Plain(UNDEFINED, _SECRET)
    return Plain(held, _SECRET)


def _environment(machine: Machine, name: str) -> Value | None:
    if name == "get":
        return Native(name, _got)
    if name in _METHODS:
        return Unknown()
    return variable(machine, name, _nothing(machine))


def _nothing(machine: Machine) -> Value | None:
    """Return what a variable that is missing reads as: Python's own refuses."""
    place = machine.statement
    if place is not None and is_python(place.file):
        return None
    return Plain(UNDEFINED, _SECRET)


def _got(machine: Machine, arguments: Arguments) -> Value:
    """Read ``os.environ.get("X", "default")`` and its like."""
    name = text_of(arguments.at(0))
    if name is None:
        return Unknown(_SECRET)
    default = arguments.values[1] if len(arguments.values) > 1 else arguments.named.get("default")
    held = default if default is not None else Plain(None, _SECRET)
    if isinstance(held, Plain):
        held = Plain(held.value, _SECRET)
    return variable(machine, name, held)


class _Required(Thing):
    """Python's ``os.environ["X"]``, which fails where X is not set."""


def _item(machine: Machine, name: str) -> Value | None:
    if name == "get":
        return Native(name, _got)
    if name in {"setdefault", "pop", "copy", "items", "keys"}:
        return Native(name, lambda _m, _a: Unknown())
    held = variable(machine, name)
    if isinstance(held, Plain) and held.value is UNDEFINED:
        raise Thrown(Unknown(_SECRET, name="KeyError"))
    return held


def elsewhere(machine: Machine, package: str, name: str) -> Value | None:
    """Return a variable that a module gives which is not here: ``$env/static/private``, ``@/env``.

    Where such a module is made or checked is not known, so that neither is what becomes of a variable
    which is not set.
    """
    if not name.isupper() or not _OF_PROJECT.match(package):
        return None
    held = machine.world.variable(name)
    if held is None and package.startswith("$env/static"):
        return Plain(secret(name), _SECRET)  # the build fails without it
    return Plain(held, _SECRET) if held is not None else Unknown(_SECRET, name=name)


ENVIRONMENT = Thing("environment", _environment)
OS_ENVIRON = Thing("os.environ", _item)


# schemas


def schema(*, optional: bool = False, fields: Fields | None = None) -> Thing:
    """Return a schema of zod, valibot and their like: whether a value may be missing."""

    def of(_machine: Machine, name: str) -> Value | None:
        if name in {"parse", "parseAsync", "assert"}:
            return Native(name, lambda m, a: _checked(m, fields, a))
        if name in {"safeParse", "safeParseAsync"}:
            return Native(name, lambda m, a: _safely(m, fields, a))
        loosens = optional or name in _LOOSENING
        return Native(name, lambda _m, _a: schema(optional=loosens, fields=fields))

    return Thing("schema", of, data=(optional, fields))


def zod(_machine: Machine, name: str) -> Value | None:
    """Return what ``z`` has under a name: something that makes a schema."""
    return Native(f"z.{name}", lambda _m, a: schema(fields=_fields(a)))


def _fields(arguments: Arguments) -> Fields | None:
    first = arguments.at(0)
    return first if isinstance(first, Fields) else None


def _checked(machine: Machine, fields: Fields | None, arguments: Arguments) -> Value:
    given = arguments.at(0)
    if not isinstance(given, Thing | Fields) or fields is None:
        return Unknown(arguments.taints)
    return validated(machine, fields, given)


def _safely(machine: Machine, fields: Fields | None, arguments: Arguments) -> Value:
    given = arguments.at(0)
    if fields is None or given is not ENVIRONMENT:
        return Fields({"success": Unknown(), "data": Unknown(arguments.taints)}, open=True)
    return Fields({"success": Plain(value=True), "data": validated(machine, fields, given)})


def validated(machine: Machine, fields: Fields, source: Value) -> Value:
    """Return an environment that a schema has checked: what is required is there, or all fails."""
    made = Fields({})
    for name, told in fields.cell.items():
        held = source.cell.get(name) if isinstance(source, Fields) else None
        value = held if held is not None else variable(machine, name)
        optional = isinstance(told, Thing) and told.data == (True, None)
        if isinstance(value, Plain) and value.value is UNDEFINED and not optional:
            raise Thrown(Unknown(_SECRET, name="ZodError"))
        made.cell[name] = value
    return made


def create_env(machine: Machine, arguments: Arguments) -> Value:
    """Read ``createEnv({ server: { X: z.string() }, runtimeEnv: … })``."""
    given = arguments.at(0)
    if not isinstance(given, Fields):
        return Unknown()
    made = Fields({})
    runtime = given.cell.get("runtimeEnv") or given.cell.get("experimental__runtimeEnv")
    source = runtime if isinstance(runtime, Fields | Thing) else ENVIRONMENT
    skipped = given.cell.get("skipValidation")
    for part in ("server", "shared", "client"):
        fields = given.cell.get(part)
        if isinstance(fields, Fields) and skipped is not Plain(value=True):
            checked = validated(machine, fields, source)
            made.cell |= checked.cell if isinstance(checked, Fields) else {}
    extended = given.cell.get("extends")
    for one in extended.held.values if isinstance(extended, Items) else ():
        if isinstance(one, Fields):
            made.cell |= one.cell
    if extended is None or not isinstance(extended, Items):
        return made if extended is None else _extended(made)
    known = all(isinstance(one, Fields) for one in extended.held.values)
    return made if known and not extended.held.open else _extended(made)


def _extended(made: Fields) -> Thing:
    """Return an environment that takes in others which are not read."""

    def of(machine: Machine, name: str) -> Value | None:
        return made.cell.get(name) or elsewhere(machine, "@/env", name)

    return Thing("env", of)


def clean_env(machine: Machine, arguments: Arguments) -> Value:
    """Read ``cleanEnv(process.env, { X: str() })``."""
    fields = arguments.at(1)
    return validated(machine, fields, ENVIRONMENT) if isinstance(fields, Fields) else Unknown()


def settings_of(machine: Machine, kind: Kind) -> Value | None:
    """Return an instance of pydantic's settings: its fields are variables of the environment."""
    names = [_last_name(base) for base in kind.code.bases]
    if not _SETTINGS & set(names):
        return None
    made = Fields({}, open=True)
    for name, default in kind.code.fields:
        if name in {"model_config", "Config"}:
            continue
        missing = _default(machine, kind, default)
        value = variable(machine, name.upper(), missing)
        if isinstance(value, Plain) and value.value is UNDEFINED:
            raise Thrown(Unknown(_SECRET, name="ValidationError"))
        made.cell[name] = value
    for method in kind.code.methods:
        made.cell.setdefault(method.name, Unknown())
    return made


def _default(machine: Machine, kind: Kind, default: code.Expression) -> Value | None:
    if isinstance(default, code.Several) and not default.parts:
        return None
    held = machine.value(default, kind.scope)
    if isinstance(held, Plain):
        return Plain(held.value, _SECRET)
    return Unknown(_SECRET)


def _last_name(base: code.Expression) -> str:
    if isinstance(base, code.Member) and isinstance(base.key, code.Constant):
        return str(base.key.value)
    return base.name if isinstance(base, code.Name) else ""


def runtime_config(machine: Machine, _arguments: Arguments) -> Value:
    """Read Nuxt's ``useRuntimeConfig()``: what nuxt.config says, or the variables ``NUXT_…``."""
    tree = machine.program.tree
    for name in sorted(file for file in tree.files if file.endswith(_NUXT)):
        config = machine.exported(name, "default")
        runtime = config.cell.get("runtimeConfig") if isinstance(config, Fields) else None
        if isinstance(runtime, Fields):
            cell = {key: _overridden(machine, key, value) for key, value in runtime.cell.items()}
            return Fields(cell, open=runtime.open)
    return Unknown(_SECRET)


def _overridden(machine: Machine, key: str, value: Value) -> Value:
    """Return a setting of Nuxt: its default, unless a variable named after it is set."""
    if not isinstance(value, Plain) or secrets_in(str(value.value)):
        return value
    snake = "".join(f"_{char}" if char.isupper() else char for char in key).upper()
    if "CRON" not in snake and "SECRET" not in snake:
        return Unknown(_SECRET)
    return variable(machine, snake, Plain(value.value, _SECRET))


def configured(_machine: Machine, arguments: Arguments) -> Value:
    """Return what ``defineNuxtConfig`` and its like are given."""
    return arguments.at(0)
