import { ask } from "../../../../lib/upstream";

const MODELS = ["one", "two", "three"];

async function predict(model: string) {
  await ask(`predict/${model}`);
}

export async function GET() {
  for (const model of MODELS) {
    await predict(model);
    console.log(`${model} is done`);
  }
  return Response.json({ models: MODELS.length });
}
