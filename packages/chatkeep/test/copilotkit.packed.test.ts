import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { HttpAgent, Message } from "@ag-ui/client";
import { startHost } from "@chatkeep/testing/host";
import { startServer } from "@chatkeep/testing/server";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";

import { installPacked } from "./installed.ts";
import { REPOSITORY, temporaryFolder } from "./packed.ts";

const COPILOTKIT = "1.75.0";

/** What the test uses of `@copilotkit/core`, which is not installed in the repository: it is 280 MB with its runtime. */
interface CopilotKit {
  readonly ProxiedCopilotRuntimeAgent: new (options: object) => HttpAgent;
  readonly ɵcreateThreadStore: (options: object) => ThreadStore;
}
interface Thread {
  readonly id: string;
  readonly name: string | null;
  readonly archived: boolean;
}
interface ThreadStore {
  start(): void;
  stop(): void;
  setContext(context: object): void;
  refresh(): void;
  fetchNextPage(): void;
  renameThread(id: string, name: string): Promise<void>;
  archiveThread(id: string): Promise<void>;
  unarchiveThread(id: string): Promise<void>;
  deleteThread(id: string): Promise<void>;
  getState(): {
    readonly threads: readonly Thread[];
    readonly nextCursor: string | null;
    readonly isLoading: boolean;
  };
}

const { url, history, script, session } = await startServer();
const folder = temporaryFolder();
const app = join(folder.path, "app");
let copilotkit: CopilotKit;
let runtimeUrl = "";

beforeAll(async () => {
  await installPacked(app, ["@chatkeep/adapters"], {
    others: { "@copilotkit/runtime": COPILOTKIT, "@copilotkit/core": COPILOTKIT },
    flags: ["--ignore-scripts"],
  });
  writeFileSync(join(app, "host.ts"), hostOfGuide());
  const core = pathToFileURL(join(app, "node_modules/@copilotkit/core/dist/index.mjs")).href;
  copilotkit = (await import(core)) as CopilotKit;
});
beforeEach(async () => {
  failures.length = 0;
  // Each test has a runtime of its own, so nothing comes back from its memory.
  const env = { COPILOTKIT_TELEMETRY_DISABLED: "true" };
  const host = await startHost([process.execPath, "host.ts"], { cwd: app, env });
  runtimeUrl = `${host.url}/api/copilotkit`;
  return host.stop;
});
afterAll(() => folder.remove());

/** The guide's program, with the server and the port of this test; a request that is being answered is answered. */
function hostOfGuide(): string {
  const guide = readFileSync(join(REPOSITORY, "docs/guide/apis.md"), "utf8");
  const [, code = ""] = /^## CopilotKit$[\s\S]*?```ts\n([\s\S]*?)```/m.exec(guide) ?? [];
  for (const written of ["http://localhost:3000", "createServer(listener).listen(4000)"])
    expect(code).toContain(written);
  return code
    .replace("http://localhost:3000", url)
    .replace(
      "createServer(listener).listen(4000)",
      'const server = createServer(listener).listen(Number(process.env.PORT), "127.0.0.1");\n' +
        'process.on("SIGTERM", () => server.close())',
    );
}

/** The errors that pages were told since the test began. */
const failures: string[] = [];

/** A page of a person. */
function openPage(me: string, threadId: string = randomUUID()): HttpAgent {
  const headers = { "x-session-id": me };
  const page = new copilotkit.ProxiedCopilotRuntimeAgent({
    runtimeUrl,
    agentId: "default",
    headers,
    transport: "rest",
  });
  page.threadId = threadId;
  page.subscribe({ onRunErrorEvent: ({ event }) => void failures.push(event.message) });
  return page;
}

const user = (content: string): Message => ({ id: randomUUID(), role: "user", content });

async function ask(page: HttpAgent, question: string, answer: string): Promise<void> {
  page.addMessage(user(question));
  const running = page.runAgent();
  const run = await script.started(page.threadId);
  await run.emit(answer);
  run.finish();
  await running;
}

/** The list of a person's threads, as the drawer of CopilotKit shows it. */
async function openList(me: string, more: object = {}): Promise<ThreadStore> {
  const store = copilotkit.ɵcreateThreadStore({ fetch });
  onTestFinished(() => store.stop());
  store.start();
  store.setContext({ runtimeUrl, headers: { "x-session-id": me }, agentId: "default", ...more });
  await expect.poll(() => store.getState().isLoading).toBe(false);
  return store;
}

const idsOf = (store: ThreadStore): string[] => store.getState().threads.map(({ id }) => id);

test("an answer is stored, and a page that reloads or another device shows equal messages", async () => {
  const me = session();
  const page = openPage(me);
  page.addMessage(user("Which weather?"));
  const running = page.runAgent();
  const run = await script.started(page.threadId);
  await run.emit("One moment. ");
  await run.emit({ type: "tool-call", id: "c", name: "look_up", arguments: '{"day":"Monday"}' });
  await run.emit({ type: "tool-result", id: "c", result: { Monday: "rain" } });
  await run.emit({ type: "data", name: "ag-ui-state", id: "ag-ui-state", data: { day: "Monday" } });
  await run.emit("It rains.");
  run.finish();
  await running;
  expect(page.messages.at(-1)?.content).toBe("It rains.");
  const other = openPage(me, page.threadId);
  await other.connectAgent();
  expect(other.messages).toEqual(page.messages);
  expect(other.state).toEqual({ day: "Monday" });
  await ask(other, "Sure?", "Yes.");
  expect(failures).toEqual([]);
  const { messages } = await history.listMessages({ kind: "session", id: me }, page.threadId);
  expect(messages.map(({ content }) => content)).toEqual([
    "Which weather?",
    "One moment. It rains.",
    "Sure?",
    "Yes.",
  ]);
});

test("a page that reloads while an answer runs follows it, and leaving it stops nothing", async () => {
  const page = openPage(session());
  page.addMessage(user("Long?"));
  void page.runAgent().catch(() => undefined);
  const run = await script.started(page.threadId);
  await run.emit("One ");
  await expect.poll(() => page.messages.at(-1)?.content).toBe("One ");
  await page.detachActiveRun();
  const other = openPage(page.headers["x-session-id"]!, page.threadId);
  const connected = other.connectAgent();
  await expect.poll(() => other.messages.at(-1)?.content).toBe("One ");
  await run.emit("two.");
  run.finish();
  await connected;
  expect(other.messages.at(-1)?.content).toBe("One two.");
  expect(failures).toEqual([]);
});

test("the page's stop ends the answer, and keeps its text", async () => {
  const me = session();
  const page = openPage(me);
  page.addMessage(user("Long?"));
  const running = page.runAgent();
  const run = await script.started(page.threadId);
  await run.emit("Half");
  page.abortRun();
  await running;
  const { messages } = await history.listMessages({ kind: "session", id: me }, page.threadId);
  expect(messages.at(-1)).toMatchObject({ content: "Half", status: "stopped" });
});

test("threads are listed by page, renamed, archived and deleted", async () => {
  const me = session();
  const pages = [openPage(me), openPage(me), openPage(me)];
  for (const page of pages) await ask(page, "Hello", "Hi.");
  const [first, second, third] = pages.map(({ threadId }) => threadId) as [string, string, string];
  const list = await openList(me, { limit: 2 });
  expect(idsOf(list)).toEqual([third, second]);
  expect(list.getState().threads[0]?.name).toBe("Hello");
  list.fetchNextPage();
  await expect.poll(() => idsOf(list)).toEqual([third, second, first]);
  await list.renameThread(second, "Renamed");
  await list.archiveThread(third);
  await list.deleteThread(first);
  const again = await openList(me);
  expect(again.getState().threads).toMatchObject([{ id: second, name: "Renamed", archived: false }]);
  const whole = await openList(me, { includeArchived: true });
  whole.fetchNextPage();
  await expect.poll(() => idsOf(whole).toSorted()).toEqual([second, third].toSorted());
  await whole.unarchiveThread(third);
  expect(idsOf(await openList(me)).toSorted()).toEqual([second, third].toSorted());
});

test("a person sees, follows, stops, renames and deletes nobody else's threads", async () => {
  const me = session();
  const page = openPage(me);
  await ask(page, "Mine", "Yours.");
  page.addMessage(user("Still mine"));
  const running = page.runAgent();
  const run = await script.started(page.threadId);
  await run.emit("Yes");
  const stranger = session();
  const list = await openList(stranger);
  expect(idsOf(list)).toEqual([]);
  await expect(list.renameThread(page.threadId, "Taken")).rejects.toThrow("403");
  await expect(list.deleteThread(page.threadId)).rejects.toThrow("403");
  const headers = { "x-session-id": stranger };
  const stop = `${runtimeUrl}/agent/default/stop/${page.threadId}`;
  expect((await fetch(stop, { method: "POST", headers })).status).toBe(403);
  expect((await fetch(stop, { method: "POST" })).status).toBe(401);
  const other = openPage(stranger, page.threadId);
  await other.connectAgent().catch(() => undefined);
  other.addMessage(user("Let me in"));
  await other.runAgent().catch(() => undefined);
  expect(other.messages.map(({ content }) => content)).toEqual(["Let me in"]);
  run.finish();
  await running;
  const { messages } = await history.listMessages({ kind: "session", id: me }, page.threadId);
  expect(messages.map(({ content }) => content)).toEqual(["Mine", "Yours.", "Still mine", "Yes"]);
});
