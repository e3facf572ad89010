export default defineEventHandler(async (event) => {
  if (!isCron(event)) throw createError({ statusCode: 401, statusMessage: "no" });
  const url = getRequestURL(event);
  return {
    search: url.search,
    all: url.searchParams.getAll("x"),
    schedule: getHeader(event, "x-vercel-cron-schedule"),
    agent: getHeader(event, "user-agent"),
  };
});
