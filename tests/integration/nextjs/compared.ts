/** Print the tokens of answers. */
import { readFileSync } from "node:fs";

import { answerTokens } from "./cronshift/comparing";

type Case = { text: string; ignore: string[] };
const cases = JSON.parse(readFileSync(0, "utf8")) as Case[];
void Promise.all(
  cases.map(({ text, ignore }) => answerTokens(text, ignore)),
).then((tokens) => console.log(JSON.stringify(tokens)));
