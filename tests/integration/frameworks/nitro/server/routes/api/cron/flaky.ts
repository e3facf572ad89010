let calls = 0;

export default defineEventHandler((event) => {
  if (!isCron(event)) throw createError({ statusCode: 401, statusMessage: "no" });
  calls += 1;
  if (calls % 2 === 1) {
    setResponseHeader(event, "retry-after", 7);
    setResponseStatus(event, 503);
    return "busy";
  }
  return { calls };
});
