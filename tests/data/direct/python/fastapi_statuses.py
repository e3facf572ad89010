import logging
import os

from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from upstream import ask

app = FastAPI()
logger = logging.getLogger(__name__)


@app.get("/api/cron/x")
def statuses(authorization: str = Header("")):
    if authorization != f"Bearer {os.environ['CRON_SECRET']}":
        raise HTTPException(status_code=401)
    try:
        rows = ask("rows")["rows"]
        if not rows:
            raise HTTPException(status_code=404, detail="no rows")
        if len(rows) == 1:
            return JSONResponse({"error": "one is too few"}, status_code=503)
        stored = ask("store", rows)
        count = len(rows)
        return JSONResponse(status_code=200 if count == 3 else 500, content={"stored": stored, "rows": count})
    except Exception as error:
        logger.exception("the rows were not stored")
        return JSONResponse({"error": str(error)}, status_code=500)
