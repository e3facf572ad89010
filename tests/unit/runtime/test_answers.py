"""What an answer means, as the vectors say that both languages are held to."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from inngest import NonRetriableError, RetryAfterError

from cronshift.runtime.answers import HandlerError, judge
from cronshift.runtime.bodies import Body

VECTORS = json.loads((Path(__file__).parents[2] / "data/answer-vectors.json").read_text())
NOW = datetime.fromisoformat(VECTORS["now"])


def whole(value: Any) -> Any:
    """Return a vector's value with texts written out that are told by their runs."""
    if isinstance(value, dict) and value.keys() == {"runs"}:
        return "".join(text * times for text, times in value["runs"])
    if isinstance(value, dict):
        return {name: whole(member) for name, member in value.items()}
    return value


@pytest.mark.parametrize("vector", VECTORS["answers"], ids=lambda vector: vector["case"])
@time_machine.travel(NOW, tick=False)
def test_an_answer_means_what_the_shared_vectors_say(vector: dict[str, Any]) -> None:
    body = Body()
    body.add(whole(vector["body"]).encode())
    if "kept" in vector:
        answer = judge("GET /x", vector["status"], vector["headers"], body)
        assert answer == {"status": vector["status"], **whole(vector["kept"])}
        return
    fails = whole(vector["fails"])
    with pytest.raises((NonRetriableError, RetryAfterError, HandlerError)) as caught:
        judge("GET /x", vector["status"], vector["headers"], body)
    assert isinstance(caught.value, NonRetriableError) is not fails["again"]
    wait = None
    if isinstance(caught.value, RetryAfterError):
        wait = (caught.value.retry_after - NOW).total_seconds()
    assert wait == fails.get("wait")
    message = str(caught.value)
    assert message.startswith("GET /x ")
    if fails["says"] == "":
        assert ":" not in message
    elif fails["says"] is not None:
        assert fails["says"] in message
        assert len(message) < len(fails["says"]) + 80
