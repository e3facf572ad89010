"""Output for a person (rich) and for a program (JSON).

Results go to stdout; messages, questions, progress and errors go to stderr, so that stdout can
always be piped. Text that comes from files is printed as text: no markup, no control characters.
"""

from __future__ import annotations

import sys
from functools import cached_property
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, TypeGuard

from cronshift.errors import CronshiftError, without_credentials
from cronshift.output.encoding import json_text
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console as RichConsole
    from rich.console import ConsoleOptions, RenderableType
    from rich.segment import Segment
    from rich.text import Text


_CONTROL = lazy_pattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BEGINNING = lazy_pattern(r" *(?:→ )?")
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


class Console:
    """The two outputs of one run of the command line."""

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, no_color: bool = False
    ) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._no_color = no_color

    @cached_property
    def out(self) -> RichConsole:
        """Results, on stdout."""
        return self._rich(stderr=False)

    @cached_property
    def err(self) -> RichConsole:
        """Everything said to a person besides, on stderr."""
        return self._rich(stderr=True)

    def document(self, data: Any, *, to_the_letter: bool = False) -> None:
        """Print one JSON document on stdout; version 1, unless it says another.

        Contents of files in it are masked, unless they are to be read ``to_the_letter``.
        """
        from cronshift.output.masking import masked_document

        sys.stdout.write(json_text(data if to_the_letter else masked_document(data)))

    def result(self, renderable: RenderableType) -> None:
        """Print a result: a table, a tree, or plain text."""
        self._print(self.out, renderable)

    def say(self, text: str = "", *, style: str | None = None) -> None:
        """Print a message, unless the user asked for quiet."""
        if not self.quiet:
            self._print(self.err, without_credentials(text), style)

    def message(self, renderable: RenderableType) -> None:
        """Print a message that is no result, such as a plan beside a JSON document."""
        if not self.quiet:
            self._print(self.err, renderable)

    def warn(self, text: str) -> None:
        """Print a message that quiet does not silence."""
        self._print(self.err, without_credentials(text), "yellow")

    def error(self, error: CronshiftError) -> None:
        """Print an error, its causes, and the next command."""
        place = "" if error.where is None or error.where in error.message else f" ({error.where})"
        self._print(self.err, f"Error: {error.message}{place}", "bold red")
        if error.hint:
            self._print(self.err, f"  → {error.hint}")

    def diff(
        self, lines: Iterable[str], *, to_result: bool = False, to_the_letter: bool = False
    ) -> None:
        """Print a unified diff, as a message or as (part of) the result; masked, unless ``to_the_letter``."""
        from cronshift.output.masking import masked_lines

        console = self.out if to_result else self.err
        for line in lines if to_the_letter else masked_lines(lines):
            self._print(console, line.rstrip("\r\n"), DIFF_STYLES.get(line[:1]))

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Ask before anything is changed, and return the answer.

        Raises:
            CronshiftError: if there is nobody to ask.
        """
        if yes:
            return True
        if not self.can_ask:
            raise CronshiftError(
                "There is no terminal to ask on, so nothing was changed.",
                reason="needs-confirmation",
                hint="Add --yes to go ahead, or --dry-run to look first.",
            )
        return self._answer(f"{question} [y/N] ").lower() in {"y", "yes"}

    def ask(self, question: str, choices: Sequence[str] = ()) -> str:
        """Ask for a word until one is typed, and return it; a letter stands for a choice.

        Raises:
            CronshiftError: if the terminal says that nobody will answer.
        """
        by_letter = dict(zip(ascii_lowercase, choices, strict=False))
        listed = "".join(f"  {letter}. {name}\n" for letter, name in by_letter.items())
        while True:
            self.err.print(plain(f"{question}\n{listed}> "), end="", markup=False, highlight=False)
            line = sys.stdin.readline()
            if not line:
                raise CronshiftError("Nobody answered.", reason="needs-confirmation")
            answer = line.strip()
            if answer:
                return by_letter.get(answer, answer)

    def is_typed(self, question: str, word: str) -> bool:
        """Ask for a word that nobody types by mistake, and return whether it was typed."""
        return self._answer(question).upper() == word.upper()

    @property
    def can_ask(self) -> bool:
        """True when a person at a terminal can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def _answer(self, question: str) -> str:
        self.err.print(plain(question), end="", markup=False, highlight=False)
        return sys.stdin.readline().strip()

    def _rich(self, *, stderr: bool) -> RichConsole:
        from rich.console import Console as RichConsole

        return RichConsole(
            stderr=stderr,
            no_color=self._no_color or None,
            emoji=False,
            highlight=False,
            soft_wrap=False,
        )

    @staticmethod
    def _print(console: RichConsole, what: RenderableType, style: str | None = None) -> None:
        if isinstance(what, str):
            console.print(plain(what), style=style, markup=False, soft_wrap=True)
        elif _is_prose(what):
            console.print(_Plain(_hanging(what, console)), style=style)
        else:  # what is to be copied, such as a diff or a command, says that it is not to be broken
            soft = getattr(what, "no_wrap", None) or False
            console.print(_Plain(what), style=style, soft_wrap=soft)


class _Plain:
    """A renderable, printed as it is, with the control characters of its texts spelt out."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: RichConsole, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import Segment

        for segment in console.render(self._inner, options):
            text = segment.text if segment.control else plain(segment.text)
            yield Segment(text, segment.style, segment.control)


def _is_prose(what: RenderableType) -> TypeGuard[Text]:
    from rich.text import Text

    return isinstance(what, Text) and not what.no_wrap


def _hanging(text: Text, console: RichConsole) -> Text:
    """Return a text of which every line that has no room goes on below its own beginning."""
    lines = text.split("\n", allow_blank=True)
    return text.blank_copy("\n").join(part for line in lines for part in _parts(line, console))


def _parts(line: Text, console: RichConsole) -> Iterable[Text]:
    beginning = _BEGINNING.match(line.plain)
    indent = beginning.end() if beginning else 0
    if line.cell_len <= console.width or indent * 2 > console.width:
        return [line]
    head, body = line.divide([indent])
    below = line.blank_copy(" " * indent)
    parts = body.wrap(console, console.width - indent)
    return [(below if number else head) + part for number, part in enumerate(parts)]


def plain(text: str) -> str:
    """Return ``text`` with every control character spelt out, so that it cannot steer a terminal."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
