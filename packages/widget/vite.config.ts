import { fileURLToPath } from "node:url";

import { type Plugin, defaultClientConditions, defineConfig } from "vite";

/** Makes every `rem` of a style sheet a multiple of the widget's own unit; see `registerUnit`. */
const ownUnit: Plugin = {
  name: "chatkeep-own-unit",
  enforce: "pre",
  transform: {
    filter: { id: /\.css\?inline$/ },
    // In a media query a rem is the reader's own size, whatever the page says.
    handler: (css) =>
      css.replace(/@media[^{]*|(?<![\w.])(-?(?:\d+|\d*\.\d+))rem\b/g, (whole, size: string | undefined) =>
        size === undefined ? whole : `calc(${size} * var(--ck-em))`,
      ),
  },
};

/** What stands in place of React. */
const REACT = fileURLToPath(new URL("src/react.ts", import.meta.url));

/** Builds `widget.js`, which a page embeds, and the chunks that it loads when they are needed, into `dist`. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Relative, so that the chunks come from wherever widget.js came from.
  base: "./",
  plugins: [ownUnit],
  resolve: {
    conditions: ["@chatkeep/source", ...defaultClientConditions],
    // The same components as the page's, on a renderer of a tenth of the size.
    alias: [
      { find: /^react$/, replacement: REACT },
      { find: /^react\/jsx-runtime$/, replacement: REACT },
    ],
  },
  build: {
    emptyOutDir: true,
    target: "baseline-widely-available",
    // The browsers that know light-dark() and popover.
    cssTarget: ["chrome125", "firefox125", "safari17.5"],
    lib: { entry: "src/widget.ts", formats: ["es"] },
    rolldownOptions: {
      output: {
        entryFileNames: "widget.js",
        chunkFileNames: "widget/[name]-[hash].js",
        // Packs better than letters of any case: the loader names a file, and has 3 KB.
        hashCharacters: "hex",
        // What the panel shares with what is loaded later stays in the panel: one file opens it.
        codeSplitting: { groups: [{ name: "panel", test: /\/widget\/src\/panel\.ts$/ }] },
        // A library would keep its spaces; this is what a page loads.
        minify: true,
        comments: { legal: true, annotation: false, jsdoc: false },
      },
    },
  },
});
