"""The Inngest app's id: pinned, so that every checkout means the same app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.project.app_name import generated_id
from cronshift.project.conventions import code_of
from cronshift.readiness.kinds import APP_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject


def identity(subject: Subject) -> Iterator[Fact]:
    """Yield whether the app's id is written down, and everywhere the same."""
    plan, settings = subject.plan, subject.project.settings
    client = code_of(subject.tree).client
    written = generated_id(subject.project.root, plan.out)
    if client is not None and client.app_id == plan.app_id and client.module is not None:
        yield subject.good(APP_ID, f"The app's own client says {plan.app_id}.", client.module)
    elif written is not None and written.app_id != plan.app_id:
        text = f"{written.place.file} serves {written.app_id}, and the plan says {plan.app_id}: two apps."
        remedy = f'Set app_id = "{written.app_id}" under [project] in cronshift.toml'
        yield subject.bad(APP_ID, text, written.place, remedy)
    elif settings.app_id is not None:
        yield subject.good(
            APP_ID, f"The app's id is {plan.app_id}.", settings.file or "cronshift.toml"
        )
    else:
        text = f"Nothing pins the app's id, which is {plan.app_id} here."
        yield subject.unknown(APP_ID, text, "cronshift.toml", "cronshift migrate")
