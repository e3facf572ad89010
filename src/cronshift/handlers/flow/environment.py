"""The environment: its variables, and the modules and schemas that apps read them through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.flow import code
from cronshift.handlers.flow.code import UNDEFINED
from cronshift.handlers.flow.paths import Thrown
from cronshift.handlers.flow.program import is_python
from cronshift.handlers.flow.values import (
    Arguments,
    ClassValue,
    ListValue,
    Native,
    NativeObject,
    ObjectValue,
    PlainValue,
    Taint,
    Unknown,
    Value,
    is_nothing,
    text_of,
    truth,
)
from cronshift.handlers.flow.worlds import secret, secrets_in
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.handlers.flow.machine import Machine

_SECRET = frozenset({Taint.SECRET})
_LOOSENING = {"optional", "nullish", "nullable", "default", "prefault", "catch"}
_STANDING_IN = {"default", "prefault", "catch"}
_SETTINGS = {"BaseSettings"}
_OF_PROJECT = lazy_pattern(r"[.@~#$]/|\$env/|astro:env|~|\.\.?/|@(?:env|config|lib)\b")
_NUXT = ("nuxt.config.ts", "nuxt.config.js", "nuxt.config.mjs")
_METHODS = {"get", "toObject", "has", "copy"}


def variable(machine: Machine, name: str, missing: Value | None = None) -> Value:
    """Return a variable's value, or the stand-in for one that is not set."""
    machine.ledger.variables.add(name)
    text = machine.world.variable(name)
    if text is None:
        return missing or PlainValue(UNDEFINED, _SECRET)
    return PlainValue(text, _SECRET)


def _environment(machine: Machine, name: str) -> Value | None:
    if name == "get":
        return Native(name, variable_of)
    if name in _METHODS:
        return Unknown()
    return variable(machine, name, _nothing(machine))


def _nothing(machine: Machine) -> Value | None:
    """Return the value of a variable that is missing: Python's own refuses."""
    place = machine.statement
    if place is not None and is_python(place.file):
        return None
    return PlainValue(UNDEFINED, _SECRET)


def variable_of(machine: Machine, arguments: Arguments) -> Value:
    """Read ``os.environ.get("X", "default")`` and its like."""
    name = text_of(arguments.at(0))
    if name is None:
        return Unknown(_SECRET)
    default = arguments.values[1] if len(arguments.values) > 1 else arguments.named.get("default")
    fallback = default if default is not None else PlainValue(None, _SECRET)
    if isinstance(fallback, PlainValue):
        fallback = PlainValue(fallback.value, _SECRET)
    return variable(machine, name, fallback)


def required(default_at: int) -> Callable[[Machine, Arguments], Value]:
    """Return a reader of variables that fails where one is not set and no default is passed."""

    def read(machine: Machine, arguments: Arguments) -> Value:
        name, *rest = (*arguments.values[:1], *arguments.values[default_at : default_at + 1])
        value = variable_of(machine, replace(arguments, values=(name, *rest)))
        if not rest and "default" not in arguments.named and is_nothing(value):
            raise Thrown(Unknown(_SECRET, name="KeyError"))
        return value

    return read


def _item(machine: Machine, name: str) -> Value | None:
    if name == "get":
        return Native(name, variable_of)
    if name in {"setdefault", "pop", "copy", "items", "keys"}:
        return Native(name, lambda _m, _a: Unknown())
    content = variable(machine, name)
    if isinstance(content, PlainValue) and content.value is UNDEFINED:
        raise Thrown(Unknown(_SECRET, name="KeyError"))
    return content


def elsewhere(machine: Machine, package: str, name: str) -> Value | None:
    """Return a variable that a module gives which is not here: ``$env/static/private``, ``@/env``.

    Where such a module is made or checked is not known, so that neither is what becomes of a variable
    which is not set.
    """
    if not name.isupper() or not _OF_PROJECT.match(package):
        return None
    machine.ledger.variables.add(name)
    text = machine.world.variable(name)
    if text is None and package.startswith("$env/static"):
        return PlainValue(secret(name), _SECRET)  # the build fails without it
    return PlainValue(text, _SECRET) if text is not None else Unknown(_SECRET, name=name)


ENVIRONMENT = NativeObject("environment", _environment)
OF_SVELTEKIT: dict[str, Value] = dict.fromkeys(
    (f"$app/environment:{name}" for name in ("dev", "building", "browser")), PlainValue(value=False)
)
OS_ENVIRON = NativeObject("os.environ", _item)


def _described(name: str, missing: Value | None = None, *, required: bool = False) -> NativeObject:
    """Return a variable as the package env-var describes it, ``get("X").required().asString()``."""

    def of(_machine: Machine, member: str) -> Value | None:
        if member == "required":
            return Native(member, lambda _m, a: _described(name, missing, required=not a.values or truth(a.at(0)) is True))  # fmt: skip
        if member == "default":
            return Native(member, lambda _m, a: _described(name, a.at(0)))
        if member.startswith("as"):
            return Native(member, lambda m, _a: read(m))
        return Native(member, lambda _m, _a: _described(name, missing, required=required))

    def read(machine: Machine) -> Value:
        value = variable(machine, name, missing)
        if required and isinstance(value, PlainValue) and value.value is UNDEFINED:
            raise Thrown(Unknown(_SECRET, name="EnvVarError"))
        return value

    return NativeObject("variable", of)


def _variable_described(_machine: Machine, arguments: Arguments) -> Value:
    name = text_of(arguments.at(0))
    return _described(name) if name is not None else Unknown(_SECRET)


ENV_VAR = NativeObject(
    "env-var", lambda _m, name: Native(name, _variable_described) if name == "get" else None
)


# schemas


class _Rule(Struct, frozen=True):
    """A schema's rule for a value that is not there.

    Attributes:
        missing: the value in its place; ``None`` for none.
    """

    optional: bool
    missing: Value | None


def schema(
    *, optional: bool = False, missing: Value | None = None, fields: ObjectValue | None = None
) -> NativeObject:
    """Return a schema of zod, valibot and their like: whether a value may be missing, and its stand-in."""

    def of(_machine: Machine, name: str) -> Value | None:
        if name in {"parse", "parseAsync", "assert"}:
            return Native(name, lambda m, a: _checked(m, fields, a))
        if name in {"safeParse", "safeParseAsync"}:
            return Native(name, lambda m, a: _safely(m, fields, a))
        loosens = optional or name in _LOOSENING
        return Native(
            name,
            lambda _m, a: schema(
                optional=loosens,
                missing=_stand_in(a.at(0)) if name in _STANDING_IN else missing,
                fields=fields,
            ),
        )

    return NativeObject("schema", of, data=_Rule(optional and fields is None, missing))


def _stand_in(value: Value) -> Value:
    """Return the value that a schema gives where there is none: it is no secret, and stands for one."""
    return PlainValue(value.value, _SECRET) if isinstance(value, PlainValue) else Unknown(_SECRET)


def envalid(_machine: Machine, arguments: Arguments) -> Value:
    """Read envalid's ``str({ default: "x" })``."""
    options = arguments.at(0)
    default = options.cell.get("default") if isinstance(options, ObjectValue) else None
    if default is None:
        return schema()
    return schema(optional=True, missing=_stand_in(default))


def zod(_machine: Machine, name: str) -> Value | None:
    """Return the function of ``z`` of a name, which makes a schema."""
    return Native(f"z.{name}", lambda _m, a: schema(fields=_fields(a)))


def _fields(arguments: Arguments) -> ObjectValue | None:
    first = arguments.at(0)
    return first if isinstance(first, ObjectValue) else None


def _checked(machine: Machine, fields: ObjectValue | None, arguments: Arguments) -> Value:
    source = arguments.at(0)
    if not isinstance(source, NativeObject | ObjectValue) or fields is None:
        return Unknown(arguments.taints)
    return validated(machine, fields, source)


def _safely(machine: Machine, fields: ObjectValue | None, arguments: Arguments) -> Value:
    source = arguments.at(0)
    if fields is None or source is not ENVIRONMENT:
        return ObjectValue({"success": Unknown(), "data": Unknown(arguments.taints)}, open=True)
    return ObjectValue(
        {"success": PlainValue(value=True), "data": validated(machine, fields, source)}
    )


def validated(machine: Machine, fields: ObjectValue, source: Value) -> Value:
    """Return an environment that a schema has checked: what it requires is there, or it fails."""
    made = ObjectValue({})
    for name, rule in fields.cell.items():
        passed = source.cell.get(name) if isinstance(source, ObjectValue) else None
        value = passed if passed is not None else variable(machine, name)
        if isinstance(value, PlainValue) and value.value is UNDEFINED:
            declared = rule.data if isinstance(rule, NativeObject) else None
            if not isinstance(declared, _Rule) or not declared.optional:
                raise Thrown(Unknown(_SECRET, name="ZodError"))
            value = declared.missing or value
        made.cell[name] = value
    return made


def create_env(machine: Machine, arguments: Arguments) -> Value:
    """Read ``createEnv({ server: { X: z.string() }, runtimeEnv: … })``."""
    options = arguments.at(0)
    if not isinstance(options, ObjectValue):
        return Unknown()
    made = ObjectValue({})
    runtime = options.cell.get("runtimeEnv") or options.cell.get("experimental__runtimeEnv")
    source = runtime if isinstance(runtime, ObjectValue | NativeObject) else ENVIRONMENT
    for part in ("server", "shared", "client"):
        fields = options.cell.get(part)
        if isinstance(fields, ObjectValue):
            checked = validated(machine, fields, source)
            made.cell |= checked.cell if isinstance(checked, ObjectValue) else {}
    extended = options.cell.get("extends")
    for inner in extended.elements.values if isinstance(extended, ListValue) else ():
        if isinstance(inner, ObjectValue):
            made.cell |= inner.cell
    if extended is None or not isinstance(extended, ListValue):
        return made if extended is None else _extended(made)
    all_read = all(isinstance(inner, ObjectValue) for inner in extended.elements.values)
    return made if all_read and not extended.elements.open else _extended(made)


def _extended(made: ObjectValue) -> NativeObject:
    """Return an environment that takes in others which are not read."""

    def of(machine: Machine, name: str) -> Value | None:
        return made.cell.get(name) or elsewhere(machine, "@/env", name)

    return NativeObject("env", of)


def clean_env(machine: Machine, arguments: Arguments) -> Value:
    """Read ``cleanEnv(process.env, { X: str() })``."""
    fields = arguments.at(1)
    return validated(machine, fields, ENVIRONMENT) if isinstance(fields, ObjectValue) else Unknown()


def settings_of(machine: Machine, kind: ClassValue) -> Value | None:
    """Return an instance of pydantic's settings: its fields are variables of the environment."""
    names = [_last_name(base) for base in kind.code.bases]
    if not _SETTINGS & set(names):
        return None
    made = ObjectValue({}, open=True)
    for name, default in kind.code.fields:
        if name in {"model_config", "Config"}:
            continue
        missing = _default(machine, kind, default)
        value = variable(machine, name.upper(), missing)
        if isinstance(value, PlainValue) and value.value is UNDEFINED:
            raise Thrown(Unknown(_SECRET, name="ValidationError"))
        made.cell[name] = value
    for method in kind.code.methods:
        made.cell.setdefault(method.name, Unknown())
    return made


def _default(machine: Machine, kind: ClassValue, default: code.Expression) -> Value | None:
    if isinstance(default, code.SequenceExpression) and not default.parts:
        return None
    content = machine.value(default, kind.scope)
    if isinstance(content, PlainValue):
        return PlainValue(content.value, _SECRET)
    return Unknown(_SECRET)


def _last_name(base: code.Expression) -> str:
    if isinstance(base, code.Member) and isinstance(base.key, code.Constant):
        return str(base.key.value)
    return base.name if isinstance(base, code.Name) else ""


def runtime_config(machine: Machine, _arguments: Arguments) -> Value:
    """Read Nuxt's ``useRuntimeConfig()``: nuxt.config's values, or the variables ``NUXT_…``."""
    tree = machine.program.tree
    for name in sorted(file for file in tree.files if file.endswith(_NUXT)):
        config = machine.exported(name, "default")
        runtime = config.cell.get("runtimeConfig") if isinstance(config, ObjectValue) else None
        if isinstance(runtime, ObjectValue):
            cell = {key: _overridden(machine, key, value) for key, value in runtime.cell.items()}
            return ObjectValue(cell, open=runtime.open)
    return Unknown(_SECRET)


def _overridden(machine: Machine, key: str, value: Value) -> Value:
    """Return a setting of Nuxt: its default, unless a variable named after it is set."""
    if not isinstance(value, PlainValue) or secrets_in(str(value.value)):
        return value
    snake = "".join(f"_{char}" if char.isupper() else char for char in key).upper()
    if "CRON" not in snake and "SECRET" not in snake:
        return Unknown(_SECRET)
    return variable(machine, snake, PlainValue(value.value, _SECRET))


def configured(_machine: Machine, arguments: Arguments) -> Value:
    """Return the argument of ``defineNuxtConfig`` and its like."""
    return arguments.at(0)
