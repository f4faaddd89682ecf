import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

import { brotli } from "./brotli.ts";

const app = (name: string): string => fileURLToPath(new URL(`app/${name}`, import.meta.url));

/** Builds the app and the operator's page into `dist/app`, where the server finds them. */
export default defineConfig({
  root: app(""),
  // Relative, so that the page also works below a path.
  base: "./",
  plugins: [react(), brotli],
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
    rolldownOptions: { input: [app("index.html"), app("admin.html")] },
  },
});
