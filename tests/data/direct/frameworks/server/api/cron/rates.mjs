import { createError, defineEventHandler, getHeader, getQuery, setResponseStatus } from "h3";
import { asked, isCron } from "../../../upstream.mjs";

export default defineEventHandler(async (event) => {
  if (!isCron(getHeader(event, "authorization"))) throw createError({ statusCode: 401, message: "no" });
  const { day, of, missing } = getQuery(event);
  const rates = await asked(`rates?day=${day}`);
  if (!rates) {
    setResponseStatus(event, 503);
    return { error: "no rates" };
  }
  if (rates.rows.length === 0) throw createError({ statusCode: 404, statusMessage: "nothing to do" });
  for (const row of rates.rows) await asked(`store/${row}?of=${of ?? "none"}`);
  return { day, stored: rates.rows.length, missing: missing === undefined };
});
