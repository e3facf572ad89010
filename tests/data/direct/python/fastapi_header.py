import hmac
import os
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException

from upstream import ask

app = FastAPI()


@app.get("/api/cron/x")
def recover(authorization: Annotated[str, Header()] = ""):
    secret = os.environ.get("CRON_SECRET")
    if not secret:
        raise HTTPException(500, "not configured")
    if not hmac.compare_digest(authorization.encode(), f"Bearer {secret}".encode()):
        raise HTTPException(401, "no")
    rows = ask("rows")["rows"]
    done = 0
    for row in rows:
        if row["muted"]:
            continue
        ask("recover", {"id": row["id"]})
        done += 1
    return {"recovered": done}
