import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { version } from "../version.ts";
import type { Plan } from "./plan.ts";
import type { Project } from "./project.ts";
import { chooseModel, expressHandler } from "./templates.ts";
import { lacking } from "./use-chat.ts";

/** Plans a handler, which the app mounts itself. */
export function planExpress({ folder, packages, isTypeScript, isModule }: Project): Plan {
  const chosen = chooseModel(packages);
  const name = isTypeScript ? "chatkeep.ts" : isModule ? "chatkeep.js" : "chatkeep.mjs";
  // A compiler takes its sources from there.
  const file = isTypeScript && existsSync(join(folder, "src")) ? `src/${name}` : name;
  const load =
    isTypeScript || isModule
      ? `import { handler } from "./${isTypeScript ? importedName(folder) : name}";`
      : `const { handler } = require("./${name}");`;
  return {
    files: [{ path: file, text: expressHandler(chosen), meaning: "your model, and the place of your login" }],
    packages: lacking(packages, [["chatkeep", `chatkeep@^${version()}`]]),
    byHand: [
      `In the app's file beside ${file}, before its body parsers:

+ ${load}
+ app.use("/chatkeep", handler);`,
      `In your page:

+ <script type="module" src="/chatkeep/widget.js"></script>
+ <chatkeep-chat></chatkeep-chat>`,
    ],
    start: `Set DATABASE_URL and ${chosen.key}, and start the app.`,
  };
}

/** TypeScript imports its own files as `.js` unless it was told otherwise. */
function importedName(folder: string): string {
  const config = readFileSync(join(folder, "tsconfig.json"), "utf8");
  return /"(allowImportingTsExtensions|rewriteRelativeImportExtensions)":\s*true/.test(config)
    ? "chatkeep.ts"
    : "chatkeep.js";
}
