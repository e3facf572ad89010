"""A route within a transaction, which is ended in one way behind an error and in another behind none."""

from collections.abc import AsyncIterator
from datetime import date

import upstream
from fastapi import Depends, FastAPI

app = FastAPI()


async def transaction() -> AsyncIterator[list[str]]:
    made: list[str] = []
    try:
        yield made
    except Exception:
        upstream.ask("store")
        raise
    for each in made:
        upstream.ask(each)


@app.get("/api/cron/x")
async def x(made: list[str] = Depends(transaction)):
    for row in upstream.ask("rows")["rows"]:
        made.append(f"swept/{row['id']}")
    if len(made) == 1:
        raise RuntimeError("one is none")
    return {"made": made, "day": date(2026, 11, 27)}
