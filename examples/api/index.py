"""A small app with six scheduled routes: one is slow, one flaky, one fans out, one is guarded."""

from __future__ import annotations

import asyncio
import hmac
import os
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Response

app = FastAPI(title="predictions")
seen_runs: set[str] = set()


@app.get("/api/cron/daily-generate-batch-predictions")
async def generate_batch_predictions(model: str | None = None) -> dict[str, object]:
    """Make predictions with one model, or with all when none is named."""
    models = [model] if model else ["gpt-5", "claude-opus", "gemini-pro"]
    return {"predictions": dict.fromkeys(models, 12)}


@app.get("/api/cron/daily-update-polymarket-data")
async def update_polymarket_data() -> dict[str, int]:
    """Take a while, as an upstream would."""
    await asyncio.sleep(1)
    return {"markets": 240}


@app.get("/api/cron/prediction-check")
async def prediction_check(
    response: Response, x_cronshift_run: Annotated[str, Header()] = "by hand"
) -> dict[str, object]:
    """Fail the first time in every run: the database is waking up."""
    if x_cronshift_run not in seen_runs:
        seen_runs.add(x_cronshift_run)
        response.status_code = 503
        return {"error": "the database is waking up"}
    return {"checked": 31, "resolved": 4}


@app.get("/api/cron/session-recovery")
async def session_recovery(authorization: Annotated[str, Header()] = "") -> dict[str, int]:
    """Answer only to those who know CRON_SECRET."""
    secret = os.environ.get("CRON_SECRET")
    if not secret or not hmac.compare_digest(authorization.encode(), f"Bearer {secret}".encode()):
        raise HTTPException(401, "this route needs CRON_SECRET")
    return {"recovered": 2}


@app.get("/api/cron/update-active-events")
async def update_active_events() -> dict[str, int]:
    """Refresh what is going on."""
    return {"events": 17}


@app.get("/api/cron/update-ai-models")
async def update_ai_models() -> dict[str, list[str]]:
    """Refresh the list of models."""
    return {"models": ["gpt-5", "claude-opus", "gemini-pro"]}
