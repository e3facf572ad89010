export default defineEventHandler((event) => {
  if (!isCron(event)) throw createError({ statusCode: 401, statusMessage: "no" });
  return { job: getRouterParam(event, "job") };
});
