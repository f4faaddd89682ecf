import { defineConfig } from "@neon/config/v1";

export default defineConfig({
  functions: { chatkeep: { name: "Chatkeep", source: "index.ts" } },
  triggers: {
    maintain: { type: "schedule", function: "chatkeep", cron: "*/10 * * * *", functionPath: "/maintain" },
  },
});
