export default defineNitroConfig({
  compatibilityDate: "2025-07-15",
  srcDir: "server",
  experimental: { tasks: true },
  scheduledTasks: { "0 4 * * *": ["tidy"] },
});
