import { version } from "../version.ts";
import type { Plan } from "./plan.ts";
import type { Project } from "./project.ts";
import { chatPage, chooseModel, viteServer } from "./templates.ts";
import { chatPackages, findUseChat, lacking } from "./use-chat.ts";

/** Plans a server beside Vite's, and a component where the app has React. */
export function planVite({ folder, packages, isTypeScript, isModule }: Project): Plan {
  const chosen = chooseModel(packages);
  const server = isTypeScript ? "chatkeep.ts" : isModule ? "chatkeep.js" : "chatkeep.mjs";
  const component = `src/Chat.${isTypeScript ? "tsx" : "jsx"}`;
  const isReact = Object.hasOwn(packages, "react");
  const uses = isReact ? findUseChat(folder) : [];
  const writesChat = isReact && uses.length === 0;
  return {
    files: [
      {
        path: server,
        text: viteServer(chosen),
        meaning: "a server: your model, and the place of your login",
      },
      ...(writesChat
        ? [{ path: component, text: chatPage("Chat"), meaning: "a component on useChat: <Chat />" }]
        : []),
    ],
    packages: isReact
      ? chatPackages(packages)
      : lacking(packages, [
          ["chatkeep", `chatkeep@^${version()}`],
          ["@chatkeep/widget", `@chatkeep/widget@^${version()}`],
        ]),
    byHand: [
      `In the configuration of Vite:

+ server: { proxy: { "/api": "http://127.0.0.1:3001" } },`,
      ...uses,
      ...(isReact
        ? []
        : [
            `In a script and in a page of yours:

+ import "@chatkeep/widget";
+ <chatkeep-chat endpoint="/"></chatkeep-chat>`,
          ]),
    ],
    start: `Set DATABASE_URL and ${chosen.key}, and run node ${server} beside Vite.`,
  };
}
