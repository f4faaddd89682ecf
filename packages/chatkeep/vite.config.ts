import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

/** Builds the page at `/` into `dist/app`, where the server finds it. */
export default defineConfig({
  root: fileURLToPath(new URL("app", import.meta.url)),
  // Relative, so that the page also works below a path.
  base: "./",
  plugins: [react()],
  resolve: { conditions: ["@chatkeep/source", ...defaultClientConditions] },
  build: {
    outDir: "../dist/app",
    emptyOutDir: true,
    target: "baseline-widely-available",
    // A polyfill would be an inline script, which the Content-Security-Policy refuses.
    modulePreload: { polyfill: false },
    // Nothing as a data: address: styles and scripts come from this origin only.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
});
