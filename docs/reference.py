"""Write the reference pages and docs/troubleshooting.md from the program itself; ``make docs``."""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.main
from reference_forms import documents_page, settings_page
from reference_frameworks import frameworks_page
from reference_messages import messages_page
from reference_variables import variables_page

from cronshift.cli import COMMANDS, build
from cronshift.errors import Reason
from cronshift.output.document_schemas import schemas
from cronshift.plan.findings import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.plan.findings import Rule

_LANGUAGES = {".ts": "ts", ".js": "js", ".py": "python", ".json": "json", ".toml": "toml"}
HERE = Path(__file__).parent
SCHEMAS = HERE.parent / "src" / "cronshift" / "output/schemas"
GLOBAL = {"directory", "config", "json", "quiet", "verbose", "no_color"}


def pages() -> dict[str, str]:
    """Return the generated pages by their file's name."""
    return {
        "commands.md": "\n".join(_commands()) + "\n",
        "errors.md": "\n".join(_errors()) + "\n",
        "settings.md": "\n".join(settings_page()) + "\n",
        "documents.md": "\n".join(documents_page()) + "\n",
        "variables.md": "\n".join(variables_page()) + "\n",
        "troubleshooting.md": "\n".join(messages_page()) + "\n",
        "frameworks.md": "\n".join(frameworks_page()) + "\n",
        "findings.md": "\n".join(_findings()) + "\n",
        **{f"findings/{code}.md": "\n".join(_finding(rule)) for code, rule in CATALOGUE.items()},
    }


def _commands() -> Iterator[str]:
    group: Any = typer.main.get_command(build(list(COMMANDS)))
    yield "# Commands\n"
    yield "`cronshift [GLOBAL OPTIONS] COMMAND`; the global options may stand anywhere.\n"
    yield from _table(
        parameter for parameter in group.commands["audit"].params if _is_global(parameter)
    )
    for name in COMMANDS:
        attribute = COMMANDS[name].attribute
        module = import_module(f"cronshift.commands.{attribute}")
        parts = getattr(module, "SUBCOMMANDS", {})
        params = [] if parts else group.commands[name].params
        yield from _command(f"\n## cronshift {name}", getattr(module, attribute), params)
        for part, function in parts.items():
            below = group.commands[name].commands[part]
            yield from _command(f"\n### cronshift {name} {part}", function, below.params)


def _command(title: str, function: Any, parameters: list[Any]) -> Iterator[str]:
    text, _, examples = (inspect.getdoc(function) or "").partition("Examples:")
    yield f"{title}\n\n{text.strip()}\n"
    yield from _table(parameter for parameter in parameters if not _is_global(parameter))
    shown = "\n".join(line.strip() for line in examples.strip().splitlines())
    yield f"\n```console\n{shown}\n```"


def _errors() -> Iterator[str]:
    yield "# Errors\n"
    yield "Every error has a stable reason, one sentence, and a hint with the next command. With `--json`:\n"
    yield '```json\n{"version": 1, "error": {"reason": "locked", "message": "…", "hint": "…", "where": null}}\n```\n'
    yield "| reason | meaning |\n|---|---|"
    for reason in Reason:
        yield f"| [`{reason}`](troubleshooting.md#{reason}) | {reason.meaning} |"


def _is_global(parameter: Any) -> bool:
    return parameter.name in GLOBAL


def _table(parameters: Iterator[Any]) -> Iterator[str]:
    rows = [_row(parameter) for parameter in parameters if parameter.name != "help"]
    if rows:
        yield "| option | meaning |\n|---|---|"
        yield from rows


def _row(parameter: Any) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    said = getattr(parameter, "help", "") or ""
    if parameter.param_type_name == "argument":
        names = [parameter.metavar or parameter.name.upper()]
    elif parameter.metavar:
        names[-1] += f" {parameter.metavar}"
    variable = f" (`{parameter.envvar}`)" if parameter.envvar else ""
    return f"| {', '.join(f'`{name}`' for name in names)} | {said}{variable} |".replace(
        "JSON|@", "JSON\\|@"
    )


def _findings() -> Iterator[str]:
    yield "# Findings\n"
    yield "What `audit` and `validate` can say. An error stops its job, not the others.\n"
    yield "Each has a page with an example; `cronshift explain CODE` shows it too. To accept one\n(`cronshift migrate --accept CS204:mail` writes that):\n"
    yield '```toml\n[[suppress]]\ncode = "CS206"\njob = "mail"          # optional\nreason = "…"\n```\n'
    yield "| code | name | severity | meaning | what to do |\n|---|---|---|---|---|"
    for rule in CATALOGUE.values():
        link = f"[{rule.code}](findings/{rule.code}.md)"
        yield f"| {link} | {rule.name} | {rule.severity} | {rule.summary} | {rule.fix} |"


def _finding(rule: Rule) -> Iterator[str]:
    """Yield one rule's page: what it means, an example of both, the remedy."""
    yield f"# {rule.code} {rule.name}\n"
    yield f"*{rule.severity.value}*. {rule.summary}\n"
    example = rule.example
    if example is not None:
        for title, files in (("Found", example.bad), ("Not found", example.good)):
            yield f"## {title}\n"
            for file in files:
                if file.shown:
                    yield f"`{file.path}`\n\n```{_LANGUAGES.get(Path(file.path).suffix, '')}"
                    yield f"{file.text.rstrip()}\n```\n"
    yield f"## What to do\n\n{rule.fix}\n"


def schema_files() -> dict[str, str]:
    """Return the JSON Schemas that the package carries, by their file's name."""
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in schemas().items()}


if __name__ == "__main__":
    for name, text in schema_files().items():
        (SCHEMAS / name).write_text(text)
    for name, text in pages().items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_text(text)
