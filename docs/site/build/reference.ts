import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { StarlightTypeDocOptions } from "starlight-typedoc";
import { type Application, PageEvent } from "typedoc";

import { REPOSITORY, SITE } from "./settings.ts";

/** The modules that people import, and what they hold. `chatkeep` re-exports of these. */
const MODULES: Readonly<Record<string, string>> = {
  "@chatkeep/protocol":
    "The shared types, `History`, the errors, the stream, and the client for browsers and Node.js",
  "@chatkeep/core": "`History` on PostgreSQL",
  "@chatkeep/agent": "Responders: the docs, and any AI SDK model",
  "@chatkeep/server": "`History` over HTTP, and the mount for your own server",
  "@chatkeep/server/apis": "Routes, for an API of your own",
  "@chatkeep/react": "Hooks, components, and their state",
  "@chatkeep/adapters/ai-sdk": "A transport for `useChat`",
  "@chatkeep/adapters/assistant-ui": "Adapters for assistant-ui",
  "@chatkeep/adapters/drizzle": "The SQL views for Drizzle",
  "@chatkeep/adapters/langchain": "A message history for LangChain",
  "@chatkeep/adapters/openai-agents": "A session for OpenAI's Agents SDK",
  "@chatkeep/seeds": "Four more chat APIs",
};

const INDEX = `Every exported function and type, by the module that you import it from. \`chatkeep\` re-exports
\`@chatkeep/agent\` and \`@chatkeep/server\`, and what a host needs of \`@chatkeep/core\` and \`@chatkeep/protocol\`.

| module | what it holds |
| --- | --- |
${Object.entries(MODULES)
  .map(([module, what]) => `| [${module}](${SITE}reference/${module.replace("@", "")}/) | ${what} |`)
  .join("\n")}
`;

const ENTRIES = fileURLToPath(new URL("../modules/", import.meta.url));

/** One entry a module, named after it. */
function writeEntries(): string[] {
  mkdirSync(ENTRIES, { recursive: true });
  return Object.entries(MODULES).map(([module, what]) => {
    const file = `${ENTRIES}${module.replace("@chatkeep/", "").replaceAll("/", "-")}.ts`;
    writeFileSync(file, `/** ${what}.\n@module ${module} */\nexport * from "${module}";\n`);
    return file;
  });
}

/** Gives the first page its words, and leads links to a module to its folder and those to sources to the repository. */
function mendPages(app: Pick<Application, "renderer">): void {
  app.renderer.on(PageEvent.END, (page: PageEvent) => {
    page.contents = (page.contents ?? "")
      .replaceAll("/index/)", "/)")
      // Without git, TypeDoc takes these paths from the folder of the entries.
      .replaceAll("/blob/main/../../../", "/blob/main/");
    if (page.url === "index.md") page.contents = INDEX;
  });
}

/** Options of the reference of types: TypeDoc over the packages' sources, a page a symbol. */
export const reference: StarlightTypeDocOptions = {
  entryPoints: writeEntries(),
  tsconfig: fileURLToPath(new URL("../tsconfig.reference.json", import.meta.url)),
  output: "reference",
  typeDoc: {
    router: "member",
    entryFileName: "index",
    indexFormat: "table",
    name: "TypeScript reference",
    plugin: [mendPages],
    skipErrorChecking: true,
    disableGit: true,
    sourceLinkTemplate: `${REPOSITORY}/blob/main/{path}#L{line}`,
    validation: false,
    sort: ["source-order"],
    parametersFormat: "table",
    propertiesFormat: "table",
    interfacePropertiesFormat: "table",
    typeDeclarationFormat: "table",
    useCodeBlocks: true,
  },
};
