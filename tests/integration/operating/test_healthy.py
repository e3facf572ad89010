from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.operating.stand_ins import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.operating.conftest import Seen


def test_smoke(see: Callable[[World], Seen]) -> None:
    seen = see(World())
    from cronshift.output.diagnosis_text import diagnosis_text
    from datetime import UTC, datetime
    print(diagnosis_text(seen.diagnosis, datetime.now(UTC)).plain)
    assert seen.bad == []
