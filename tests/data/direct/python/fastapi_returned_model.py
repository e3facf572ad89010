"""A route that says what it returns, which FastAPI takes by its attributes."""

import upstream
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Swept(BaseModel):
    rows: int


class Row:
    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.secret = "kept"


@app.get("/api/cron/x")
async def x() -> Swept:
    swept = Row(len(upstream.ask("rows")["rows"]))
    return swept
