from fastapi import FastAPI

from upstream import announce, fetch

MODELS = ["gpt-5", "claude-opus", "gemini-pro"]
app = FastAPI()


@app.get("/api/cron/x")
async def predict():
    made = {}
    for model in MODELS:
        prediction = await fetch(f"items/{model}", {"model": model})
        made[model] = prediction["of"]
        await announce(model)
    return {"made": made}
