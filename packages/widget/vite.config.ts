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
        size === undefined ? whole : `calc(${size} * var(--ck-unit))`,
      ),
  },
};

/**
 * Of marked only the lexer is used, but its default instance, which is made at import, keeps all the rest: that would
 * be 5 KB of the panel's 42.
 */
const onlyLexer: Plugin = {
  name: "chatkeep-only-lexer",
  transform: {
    filter: { id: /\/marked\.esm\.js$/ },
    handler(code) {
      const instance = code.search(/var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse/);
      const lexer = /\b(\w+) as Lexer\b/.exec(code)?.[1];
      if (instance === -1 || lexer === undefined)
        throw new Error("marked is built otherwise now: look at its end.");
      return `${code.slice(0, instance)}export{${lexer} as Lexer};`;
    },
  },
};

/** Builds `widget.js`, which a page embeds, and the chunks that it loads when they are needed, into `dist`. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Relative, so that the chunks come from wherever widget.js came from.
  base: "./",
  plugins: [ownUnit, onlyLexer],
  resolve: {
    conditions: ["@chatkeep/source", ...defaultClientConditions],
    // The same components as the page's, on a renderer of a tenth of the size.
    alias: [
      { find: /^react$/, replacement: "preact/compat" },
      { find: /^react\/jsx-runtime$/, replacement: "preact/jsx-runtime" },
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
        // A library would keep its spaces; this is what a page loads.
        minify: true,
      },
    },
  },
});
