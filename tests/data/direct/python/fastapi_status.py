from fastapi import FastAPI, HTTPException, Response

from upstream import ask

app = FastAPI()


@app.get("/api/cron/x", status_code=202)
async def check(response: Response):
    rows = ask("rows")["rows"]
    if not rows:
        raise HTTPException(status_code=404, detail="there are no rows")
    if len(rows) == 1:
        response.status_code = 503
        return {"error": "the database is waking up"}
    if len(rows) == 2:
        raise HTTPException(429, detail={"wait": 3})
    response.headers["cache-control"] = "no-store"
    return {"checked": len(rows)}
