import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { cutLexer } from "./marked-lexer.ts";

// What `#lexer` is in the published package; the sources have all of marked in its place.
const marked = readFileSync(fileURLToPath(import.meta.resolve("marked")), "utf8");
writeFileSync(new URL("dist/markdown/lexer.js", import.meta.url), cutLexer(marked));
