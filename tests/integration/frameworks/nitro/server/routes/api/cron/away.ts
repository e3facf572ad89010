export default defineEventHandler((event) => {
  if (!isCron(event)) throw createError({ statusCode: 401, statusMessage: "no" });
  return sendRedirect(event, "/login", 303);
});
