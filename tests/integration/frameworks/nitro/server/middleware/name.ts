export default defineEventHandler((event) => {
  event.context.name = "of the hook";
});
