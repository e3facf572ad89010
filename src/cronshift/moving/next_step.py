"""One command that leads on, with the reason."""

from __future__ import annotations

from msgspec import Struct


class NextStep(Struct, frozen=True):
    """One command that leads on, and why it is next."""

    command: str
    why: str
    is_needed: bool = False
    """Whether no step behind it can do without it."""

    @property
    def verb(self) -> str:
        """The command of cronshift that it is; empty for another program's."""
        words = [word for word in self.command.split() if "=" not in word or word.startswith("-")]
        return words[1] if len(words) > 1 and words[0] == "cronshift" else ""

    def to_json(self) -> dict[str, str]:
        """Return the step's part of the document."""
        return {"command": self.command, "why": self.why}
