"""An app whose users ask for predictions, pay with credits, and poll until they are there.

Run it with DATABASE_URL, INNGEST_DEV and `uvicorn app:app --host 127.0.0.1`. Who a caller is comes
from the X-User header here; in a real app it comes from its sign-in.
"""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import inngest
import inngest.fast_api
from fastapi import Body, FastAPI, Header, HTTPException
from session_flow import enqueue_session, flow, functions, process

from cronshift.inngest_fns.sessions import Item
from cronshift.runtime.signature import SignatureAge
from cronshift.sessions.flow import NotEnoughCreditsError

app = FastAPI()
app.add_middleware(SignatureAge)
client = inngest.Inngest(app_id="predictions")
inngest.fast_api.serve(app, client, functions(client))


async def as_before(session_id: str) -> None:
    """Process a session inside the request, as the app did before it had a queue."""
    session = await asyncio.to_thread(flow.row, session_id) or {}
    for model in await asyncio.to_thread(flow.items, session_id, "selected_models"):
        await process(Item(session_id, str(session["user_id"]), model, f"{session_id}:{model}"))
    await asyncio.to_thread(flow.settle, session_id, well=True)


@app.post("/sessions", status_code=202)
async def ask(
    models: Annotated[list[str], Body()], x_user: Annotated[str, Header()]
) -> dict[str, str]:
    """Ask for predictions; a credit a model."""
    listed = models if flow.engine.dialect.name == "postgresql" else json.dumps(models)
    try:
        made = await enqueue_session(
            flow,
            client,
            user_id=x_user,
            cost=len(models),
            values={"selected_models": listed},
            legacy=as_before,
        )
    except NotEnoughCreditsError as error:
        raise HTTPException(402, str(error)) from None
    return {"id": made.session_id}


@app.get("/sessions/{session_id}")
async def poll(session_id: str, x_user: Annotated[str, Header()]) -> dict[str, Any]:
    """Tell a client where its session stands: "queued" means waiting, and ends within seconds."""
    session = await asyncio.to_thread(flow.row, session_id)
    if session is None or str(session["user_id"]) != x_user:
        raise HTTPException(404)
    return {"status": session["status"], "done": session["status"] in {"finished", "error"}}
