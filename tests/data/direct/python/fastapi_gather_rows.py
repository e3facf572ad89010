import asyncio

from fastapi import FastAPI

from upstream import announce, fetch

MODELS = ("gpt-5", "claude-opus")
app = FastAPI()


@app.get("/api/cron/x")
async def update():
    rows = (await fetch("rows"))["rows"]
    answers = await asyncio.gather(*[fetch(f"items/{row['id']}", body=row) for row in rows])
    await asyncio.gather(*(announce(model) for model in MODELS))
    return {"answers": [answer["of"] for answer in answers]}
