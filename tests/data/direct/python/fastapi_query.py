from typing import Optional

from fastapi import FastAPI

from upstream import ask

app = FastAPI()


@app.get("/api/cron/x")
async def sync(limit: int = 10, kind: str = "all", deep: bool = False, since: Optional[str] = None):
    ask("sync", {"limit": limit, "kind": kind, "deep": deep, "since": since})
    return {"limit": limit, "kind": kind, "deep": deep, "since": since}
