import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { StartError } from "../start-error.ts";
import type { Plan } from "./plan.ts";
import { type Project, readText } from "./project.ts";
import { chatPage, chooseModel, nextRoute } from "./templates.ts";
import { chatPackages, findUseChat } from "./use-chat.ts";

/** Plans a mount at `/api` of the App Router, and a page where no page uses `useChat`. */
export function planNext(project: Project): Plan {
  const { folder, isTypeScript, packages } = project;
  const app = ["app", "src/app"].find((name) => existsSync(join(folder, name)));
  if (app === undefined) {
    const isPages = ["pages", "src/pages"].some((name) => existsSync(join(folder, name)));
    throw new StartError(
      isPages
        ? "This app has the Pages Router only, and chatkeep init writes a route of the App Router: make the folder app/ first."
        : "There is no folder app/ or src/app/ here: run chatkeep init in the folder of a Next.js app.",
    );
  }
  refuseExport(folder);
  const api = join(folder, app, "api");
  refuseCatchAll(api, `${app}/api`);
  const chosen = chooseModel(packages);
  const uses = findUseChat(folder);
  const script = isTypeScript ? "ts" : "js";
  const page = `${app}/chat/page.${isTypeScript ? "tsx" : "jsx"}`;
  const hasLayout = namesOf(join(folder, app)).some((name) => /^layout\.(tsx|jsx|ts|js)$/.test(name));
  const hasPage =
    uses.length > 0 || namesOf(join(folder, app, "chat")).some((name) => name.startsWith("page."));
  const own = namesOf(join(api, "chat")).find((name) => /^route\.(ts|js|mjs|tsx|jsx)$/.test(name));
  const mount = `${app}/api/[...chatkeep]/route.${script}`;
  return {
    files: [
      { path: mount, text: nextRoute(chosen), meaning: "your model, and the place of your login" },
      ...(hasPage || !hasLayout
        ? []
        : [{ path: page, text: chatPage("ChatPage"), meaning: "a page on useChat, at /chat" }]),
    ],
    packages: chatPackages(packages),
    byHand: [
      ...uses,
      ...(own === undefined ? [] : [ownRoute(`${app}/api/chat/${own}`, mount)]),
      ...(uses.length > 0 || hasLayout
        ? []
        : [`${app} has no root layout: use useChat of "@chatkeep/react/ai-sdk" in a page of yours.`]),
    ],
    start: `Set DATABASE_URL and ${chosen.key}, for example in .env.local, start the app, and open ${uses.length > 0 || !hasLayout ? "your page" : "/chat"}.`,
  };
}

function ownRoute(route: string, mount: string): string {
  return `${route} answers useChat before Chatkeep does. Move its call of the model to the responder of
${mount}, and delete ${route}:

  import { streamText } from "ai";
  import { toModelMessages } from "chatkeep";

  responder: (request) =>
    streamText({
      // model, system and tools as they are in your route
      messages: toModelMessages(request),
      abortSignal: request.signal,
    }),`;
}

function refuseExport(folder: string): void {
  for (const end of ["ts", "js", "mjs", "mts", "cjs"]) {
    const config = readText(join(folder, `next.config.${end}`)) ?? "";
    if (/^[^/*\n]*\boutput:\s*["']export["']/m.test(config))
      throw new StartError(
        `next.config.${end} has output: "export", which has no server for Chatkeep: run chatkeep serve beside it, and use the widget.`,
      );
  }
}

/** Next.js allows one catch-all route in a folder. */
function refuseCatchAll(folder: string, shown: string): void {
  const other = namesOf(folder).find((name) => /^\[\[?\.\.\./.test(name) && name !== "[...chatkeep]");
  if (other !== undefined)
    throw new StartError(
      `${shown}/${other} takes every address below /api, and Next.js allows one such route: call chatkeep.fetch(request) from it, as docs/guide/into-your-app.md shows.`,
    );
}

function namesOf(folder: string): string[] {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder) : [];
}
