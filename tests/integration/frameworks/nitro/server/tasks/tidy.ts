export default defineTask({
  meta: { description: "What Nitro runs on a schedule of its own." },
  run: () => ({ result: "tidy" }),
});
