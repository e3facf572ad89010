export default defineEventHandler((event) => {
  if (!isCron(event)) throw createError({ statusCode: 401, statusMessage: "no" });
  throw createError({ statusCode: 404, statusMessage: "nothing here" });
});
