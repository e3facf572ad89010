"""Decisions about facts: unknown ones are asked about, bad ones may be overridden by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cronshift.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cronshift.commands.invocation import Invocation
    from cronshift.readiness.checking import Decisions
    from cronshift.readiness.fact import Fact


def _codes() -> list[str]:
    from cronshift.readiness.kinds import KINDS

    return [kind.code for kind in KINDS]


Despite = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CODE",
        help="Go on although this fact is known bad; may be repeated.",
        autocompletion=_codes,
    ),
]
Assume = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CODE",
        help="Take this fact for good although it is not known; may be repeated.",
        envvar="CRONSHIFT_ASSUME",
        autocompletion=_codes,
    ),
]
Because = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the journal.")]


def decided(despite: Iterable[str] | None, assume: Iterable[str] | None, because: str) -> Decisions:
    """Return the user's decisions about facts.

    Raises:
        CronshiftError: for a fact that there is none of.
    """
    from cronshift.readiness.checking import Decisions, code_of

    return Decisions(
        frozenset(map(code_of, despite or ())), frozenset(map(code_of, assume or ())), because
    )


def ask_about(invocation: Invocation, facts: Sequence[Fact], *, only_look: bool) -> bool:
    """List the facts that are not known, and ask whether to go on all the same.

    Raises:
        RefusedError: if there is nobody to ask; ``--yes`` is no answer to this.
    """
    import sys

    from cronshift.output.text import facts_text

    console = invocation.console
    if not facts:
        return True
    if not invocation.json:
        console.result(facts_text(facts))
    if only_look:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        codes = dict.fromkeys(fact.kind.code for fact in facts)
        raise RefusedError(
            "Not known: " + " ".join(dict.fromkeys(fact.message for fact in facts)),
            reason="not-known",
            hint="Find out, or take it for good: " + " ".join(f"--assume {code}" for code in codes),
            where=facts[0].evidence,
        )
    return console.confirm("Go on although this is not known?", yes=False)
