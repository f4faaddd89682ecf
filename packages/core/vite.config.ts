import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

import { type Plugin, defineConfig } from "vite";

const entry = fileURLToPath(import.meta.resolve("gpt-tokenizer/encoding/o200k_base"));
const license = new URL("LICENSE", import.meta.resolve("gpt-tokenizer/package.json"));

/** 200,000 literals cost a host's bundler 30 s; one string costs it nothing. */
const ranksAsText: Plugin = {
  name: "ranks-as-text",
  load: {
    filter: { id: /bpeRanks\/o200k_base\.js$/ },
    async handler(id) {
      const { default: ranks } = (await import(id)) as { default: unknown };
      const text = brotliCompressSync(JSON.stringify(ranks)).toString("base64");
      return `import { brotliDecompressSync } from "node:zlib";
        export default JSON.parse(brotliDecompressSync(Buffer.from("${text}", "base64")).toString());`;
    },
  },
};

/**
 * Builds the one encoding that counts tokens into `dist/o200k.js`. Its package installs 30 MB: every encoding, three
 * times.
 */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [ranksAsText],
  build: {
    emptyOutDir: false,
    target: "node22",
    lib: { entry, formats: ["es"], fileName: "o200k" },
    rolldownOptions: {
      external: /^node:/,
      output: { minify: true, postBanner: `/*! gpt-tokenizer\n${readFileSync(license, "utf8")}*/` },
    },
  },
});
