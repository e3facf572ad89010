"""The proposed meanings of the status labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.scaffold.labels import Phase, labels_of, words_of
from cronshift.targets.scaffold.proposing.proposal import YOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cronshift.targets.scaffold.labels import Label
    from cronshift.targets.scaffold.proposing.proposal import Clues, Proposal
    from cronshift.targets.scaffold.schema import AppColumn

_ROLES = ("queued", "finished", "failed", "legacy")


def settle_states(reader: Clues, proposal: Proposal) -> None:
    """Settle the meanings of the status labels."""
    model, status = proposal.sessions, proposal.status
    if model is None or status is None:
        return
    labels = proposal.labels = labels_of(reader.tree, model, status)
    _settle_end(reader, proposal, "finished", Phase.FINISHED)
    _settle_end(reader, proposal, "failed", Phase.FAILED)
    _settle_queued(reader, proposal, status)
    queued = proposal.guesses.get("queued")
    waiting = [
        label
        for label in labels
        if label.phase is Phase.WAITING and not (queued and label.name == queued.value)
    ]
    _settle_processing(reader, proposal, waiting)
    at_work = proposal.guesses.get("processing")
    if at_work is not None:
        begin = [label for label in waiting if label.name == status.default] or waiting
        first = f"the first label of {', '.join(at_work.value)}"
        evidence = begin[0].place if begin else first
        proposal.settle("legacy", begin[0].name if begin else at_work.value[0], evidence)
    if queued and at_work:
        _tell_rest(proposal)


def _tell_rest(proposal: Proposal) -> None:
    """Note the labels that the flow leaves alone."""
    values = [proposal.guesses[key].value for key in _ROLES if key in proposal.guesses]
    taken = {*values, *proposal.guesses["processing"].value}
    rest = [label.name for label in proposal.labels if label.name not in taken]
    if rest:
        proposal.notes.append(f"The flow leaves alone what is {' or '.join(rest)}.")


def _settle_end(reader: Clues, proposal: Proposal, key: str, phase: Phase) -> None:
    answer = reader.answers.get(key)
    likely = [label for label in proposal.labels if label.phase is phase]
    if answer:
        proposal.settle(key, answer, YOURS)
    elif len(likely) == 1:
        proposal.settle(key, likely[0].name, likely[0].place)
    else:
        choices = [label.name for label in likely or proposal.labels]
        proposal.ask(key, f"Which label says that a session {key}?", choices)


def _settle_queued(reader: Clues, proposal: Proposal, status: AppColumn) -> None:
    """Settle the label of a session that waits: one that is there, or a new one."""
    names = [label.name for label in proposal.labels]
    there = next((label for label in proposal.labels if "queued" in words_of(label.name)), None)
    answer = reader.answers.get("queued")
    if answer:
        proposal.settle("queued", answer, YOURS)
    elif there and there.name == status.default:
        text = (
            f"The app begins every row as {there.name} ({there.place}). Is each of those paid for, so "
            "that it is refunded when nobody processes it? Then say it; else name a new label."
        )
        proposal.ask("queued", text, (there.name, spelled_like("enqueued", names)))
        return
    elif there:
        proposal.settle("queued", there.name, there.place)
    else:
        name = spelled_like("queued", names)
        proposal.settle("queued", name, f"a new label of {status.name}")
    queued = proposal.guesses["queued"].value
    proposal.new_label = None if queued in names else queued


def _settle_processing(reader: Clues, proposal: Proposal, waiting: Sequence[Label]) -> None:
    answer = reader.answers.get("processing")
    likely = [label for label in proposal.labels if label.phase is Phase.PROCESSING] or waiting[:1]
    if answer:
        proposal.settle("processing", [each.strip() for each in answer.split(",")], YOURS)
    elif likely:
        proposal.settle("processing", [label.name for label in likely], likely[0].place)
    else:
        taken = [guess.value for key, guess in proposal.guesses.items() if key in _ROLES]
        rest = [label.name for label in proposal.labels if label.name not in taken]
        text = "Which labels say that a session is being processed?"
        proposal.ask("processing", text, rest or ["processing"])


def spelled_like(word: str, labels: Sequence[str]) -> str:
    """Return a word as the other labels are written."""
    if labels and all(label.isupper() for label in labels):
        return word.upper()
    if labels and all(label[:1].isupper() for label in labels):
        return word.capitalize()
    return word
