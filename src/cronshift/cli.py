"""The command line: the table of commands, the global options, the boundary of errors.

Only the standard library and typer are imported here. A command's module is imported when its
name stands on the command line (or is being completed); the others are listed from this table.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from cronshift.commands.invocation import Invocation
from cronshift.commands.page import PAGE, is_page_wanted
from cronshift.errors import CronshiftError, ExitCode, without_credentials
from cronshift.output.encoding import json_text, print_whatever

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence


class Command(Struct, frozen=True):
    """A line of the table: the function of the name in ``cronshift.commands``, in a module of that name."""

    help: str
    panel: str
    name: str

    @property
    def attribute(self) -> str:
        """The module and function that it is."""
        return self.name.replace("-", "_")


COMMANDS = {
    command.name: command
    for command in (
        Command("Show every entry, its next ticks and what is wrong.", "Look", "audit"),
        Command(
            "Explain a finding, an error or a page: what it means and what to do.",
            "Look",
            "explain",
        ),
        Command("Show what to do now.", "Look", "next"),
        Command("Show who owns each job, and what is next.", "Look", "status"),
        Command("Write cronshift.toml from what the project shows.", "Prepare", "init"),
        Command("Generate the Inngest functions. No owner changes.", "Prepare", "migrate"),
        Command("Take over jobs that were moved by hand.", "Prepare", "baseline"),
        Command("Check modules or an endpoint against the plan.", "Prepare", "validate"),
        Command("Run one job, here and now, with a real tick.", "Prepare", "run"),
        Command("Serve the functions to Inngest.", "Prepare", "serve"),
        Command("Register an endpoint's functions with Inngest.", "Prepare", "sync"),
        Command("Write down where an environment is.", "Prepare", "link"),
        Command("Set an environment up, step by step.", "Prepare", "setup"),
        Command("Ask everything that runs whether all is well.", "Watch", "doctor"),
        Command("Show what both sides see of each tick.", "Watch", "observe"),
        Command("Tell how the move goes, on one page.", "Watch", "report"),
        Command("Give ticks to Inngest, from an instant on.", "Move", "cutover"),
        Command("Compare both sides' own ticks.", "Move", "compare"),
        Command("Take the step that the evidence allows.", "Move", "advance"),
        Command("Let nobody run a job's ticks, from an instant on.", "Move", "pause"),
        Command("End a pause.", "Move", "resume-job"),
        Command("Give ticks back to Vercel, and restore its files.", "Move", "rollback"),
        Command("Remove what is left of Vercel cron.", "End", "finalize"),
        Command("Remove the last of cronshift, for good.", "End", "forget"),
        Command("Show what became of ticks, and run missed ones.", "Of", "ticks"),
        Command("Show runs, their steps and errors.", "Of", "runs"),
        Command("Tell a webhook what is not well.", "Of", "alerts"),
        Command("Make the monitors that miss a run.", "Of", "monitors"),
        Command("Show failed runs, and run them again.", "Of", "dead-letters"),
        Command("Write, settle and refund the QUEUED flow's sessions.", "Of", "sessions"),
        Command("Publish the ownership file where deploys are slow.", "Of", "flags"),
        Command("List, show, finish and give up what cronshift does.", "Of", "operations"),
    )
}
RENAMED = {
    "history": "operations list",
    "show": "operations show",
    "apply": "operations apply",
    "resume": "operations resume",
    "abandon": "operations abandon",
    "scaffold": "sessions scaffold",
}
"""Commands as they were spelt before, and as they are now; they go on for this version."""

GLOBAL_OPTIONS: dict[str, Any] = {
    "directory": Annotated[
        Path | None,
        typer.Option(
            "-C",
            "--directory",
            metavar="DIR",
            envvar="CRONSHIFT_DIRECTORY",
            help="The project: the folder that holds vercel.json.",
        ),
    ],
    "config": Annotated[
        Path | None,
        typer.Option(metavar="FILE", envvar="CRONSHIFT_CONFIG", help="Another cronshift.toml."),
    ],
    "json": Annotated[
        bool | None, typer.Option("--json", help="Print one JSON document on stdout.")
    ],
    "quiet": Annotated[
        bool | None, typer.Option("-q", "--quiet", help="Print results and errors only.")
    ],
    "verbose": Annotated[
        bool | None, typer.Option("-v", "--verbose", help="Print more, and tracebacks of errors.")
    ],
    "no_color": Annotated[
        bool | None, typer.Option("--no-color", envvar="NO_COLOR", help="Print without colours.")
    ],
}
_PANEL = "Global options"
_ANYWHERE = frozenset({"--json", "-q", "--quiet", "-v", "--verbose", "--no-color"})
_MODES = {
    "sessions": frozenset({"orphans", "refunds", "recover", "status"}),
    "flags": frozenset({"export", "push"}),
    "ticks": frozenset({"list", "replay"}),
    "operations": frozenset({"list", "show", "apply", "resume", "abandon"}),
}
"""The commands of commands; their modules are only imported when they are meant."""


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return the process's exit code; nothing is raised."""
    print_whatever()
    words = respelt(arguments) or ["--help"]
    if is_page_wanted(words) and "_CRONSHIFT_COMPLETE" not in os.environ:
        sys.stdout.write(PAGE)
        return ExitCode.OK
    try:
        code = build(words)(args=words, prog_name="cronshift", standalone_mode=False)
    except CronshiftError as error:
        return _tell(error, words)
    except typer.TyperException as error:
        shown = CronshiftError(
            error.format_message(), reason="usage", hint=f"{_command(words)} --help"
        )
        return _tell(shown, words)
    except (typer.Abort, EOFError):
        return ExitCode.NOT_WELL
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.NOT_WELL
    except Exception as error:  # noqa: BLE001 - the boundary: a bug becomes one sentence
        shown = CronshiftError(
            f"A bug in cronshift: {type(error).__name__}: {error}",
            reason="bug",
            hint="Run it again with -v and report what it prints.",
        )
        shown.__cause__ = error
        return _tell(shown, words)
    return int(code or ExitCode.OK)


def build(words: Sequence[str]) -> typer.Typer:
    """Return the Typer app in which the commands that ``words`` may mean are real."""
    meant = {*words, *os.environ.get("COMP_WORDS", "").split()}
    app = typer.Typer(
        name="cronshift",
        help="Move scheduled jobs from Vercel cron to Inngest, and operate that move.",
        epilog="Start with: cronshift audit",
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback(invoke_without_command=True)(_accept_global_options(_remember))
    for command in COMMANDS.values():
        module = _module(command) if command.name in meant else None
        if hasattr(module, "SUBCOMMANDS"):
            app.add_typer(_group(module, command), name=command.name)
            continue
        real = getattr(module, command.attribute, None)
        function = _accept_global_options(real) if real else _unloaded
        app.command(
            command.name,
            help=_help(function) or command.help,
            short_help=command.help,
            rich_help_panel=command.panel,
        )(function)
    return app


def _module(command: Command) -> Any:
    return import_module(f"cronshift.commands.{command.attribute}")


def _group(module: Any, command: Command) -> typer.Typer:
    """Return a command that has commands of its own; the module's function of its name explains it."""
    group = typer.Typer(
        help=_help(getattr(module, command.attribute)),
        short_help=command.help,
        rich_help_panel=command.panel,
        no_args_is_help=True,
    )
    for name, function in module.SUBCOMMANDS.items():
        group.command(name, help=_help(function))(_accept_global_options(function))
    return group


def respelt(words: Sequence[str]) -> list[str]:
    """Return the words with a command that was spelt otherwise as it is now, and say so.

    That is one of ``RENAMED``, or a mode behind its options (``sessions --fail orphans``). The global
    options may stand between command and mode, as everywhere.
    """
    at = _place(words, {*COMMANDS, *RENAMED})
    word = words[at] if at < len(words) else ""
    if word in RENAMED:
        rest = list(words[at + 1 :])
        if word == "scaffold" and "sessions" in rest:
            rest.remove("sessions")
        sys.stderr.write(f"That is spelt cronshift {RENAMED[word]} now.\n")
        return [*words[:at], *RENAMED[word].split(), *rest]
    modes = _MODES.get(word, frozenset())
    mode = next((place for place in range(at + 1, len(words)) if words[place] in modes), None)
    if mode is None or mode == at + 1:
        return list(words)
    between = words[at + 1 : mode]
    if any(option not in _ANYWHERE for option in between):
        sys.stderr.write(f"That is spelt cronshift {word} {words[mode]} … now.\n")
    return [*words[: at + 1], words[mode], *between, *words[mode + 1 :]]


def _place(words: Sequence[str], names: Collection[str]) -> int:
    """Return the place of the first of these names that is no folder; behind all where there is none."""
    return next(
        (at for at, word in enumerate(words) if word in names and words[at - 1 :][:1] != ["-C"]),
        len(words),
    )


def _unloaded() -> None:
    # Stands in for a command that is only listed.
    pass


def _help(function: Callable[..., Any]) -> str:
    """Return a docstring with its paragraphs as one line each; indented blocks stay as they are.

    What stands in brackets, such as a table of cronshift.toml, is no markup of rich's.
    """
    text = re.sub(r"\[[a-z#/@][^\[]*?\]", r"\\\g<0>", inspect.getdoc(function) or "")
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        paragraph if "\n  " in paragraph else paragraph.replace("\n", " ")
        for paragraph in paragraphs
    )


def _remember(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        from cronshift import __version__

        invocation: Invocation = context.obj
        text = (
            json_text({"cronshift": __version__})
            if invocation.json
            else f"cronshift {__version__}\n"
        )
        sys.stdout.write(text)
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise CronshiftError("Missing command.", reason="usage", hint="cronshift --help")


def _accept_global_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` taking the global options too, so that they may stand anywhere.

    What they say is put together in ``context.obj``, an :class:`Invocation`; a later one wins.
    """

    @functools.wraps(function)
    def with_global_options(context: typer.Context, **values: Any) -> Any:
        options = {name: values.pop(name) for name in GLOBAL_OPTIONS}
        options = {name: value for name, value in options.items() if value is not None}
        context.obj = replace(context.obj or Invocation(), **options)
        return function(context, **values)

    signature = inspect.signature(function, eval_str=True)
    added = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_in_panel(annotation)
        )
        for name, annotation in GLOBAL_OPTIONS.items()
    ]
    parameters = [*signature.parameters.values(), *added]
    with_global_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined] # read by inspect
    with_global_options.__annotations__ = {p.name: p.annotation for p in parameters}
    return with_global_options


def _in_panel(annotation: Any) -> Any:
    annotation.__metadata__[0].rich_help_panel = _PANEL
    return annotation


def _command(words: Sequence[str]) -> str:
    """Return the command the user meant, as far as it is one of ours."""
    return " ".join(["cronshift", *(word for word in words if word in COMMANDS)][:2])


def _tell(error: CronshiftError, words: Sequence[str]) -> ExitCode:
    """Print an error: JSON on stdout when that was asked for, else text on stderr."""
    if "--json" in words:
        sys.stdout.write(json_text({"error": error.to_dict()}, indent=None))
    else:
        from cronshift.output.console import Console

        Console(no_color="--no-color" in words).error(error)
    if {"-v", "--verbose"} & set(words):
        import traceback

        sys.stderr.write(without_credentials("".join(traceback.format_exception(error))))
    return error.exit_code
