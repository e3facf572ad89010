"""A route whose answer is a model, in words of its own."""

import upstream
from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


class Swept(BaseModel):
    rows: int
    is_done: bool = Field(default=True, alias="isDone")


class Answer(Swept):
    notes: list[str] = []


@app.get("/api/cron/x", response_model=Answer, response_description="What was swept", status_code=200)
async def x() -> dict[str, object]:
    rows = upstream.ask("rows")["rows"]
    if len(rows) == 1:
        return Answer(rows=1, isDone=False)
    return {"rows": str(len(rows)), "secret": "kept"}
