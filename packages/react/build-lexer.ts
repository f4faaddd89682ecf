import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { cutLexer } from "./marked-lexer.ts";

// What `#lexer` is in the published package; the sources have all of marked in its place.
const marked = import.meta.resolve("marked");
const code = readFileSync(fileURLToPath(marked), "utf8");
writeFileSync(new URL("dist/markdown/lexer.js", import.meta.url), cutLexer(code));
// Its terms go with every copy of it.
copyFileSync(new URL("../LICENSE", marked), new URL("dist/markdown/lexer.LICENSE", import.meta.url));
