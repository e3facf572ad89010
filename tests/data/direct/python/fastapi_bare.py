from fastapi import FastAPI

from upstream import ask

app = FastAPI()


@app.get("/api/cron/x")
async def refresh() -> dict[str, object]:
    """Refresh the list of models."""
    return {"models": ask("models")}
