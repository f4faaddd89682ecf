import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";

import { type Owner, createClient } from "@chatkeep/protocol";
import { expect } from "vitest";

import { collect } from "./contract/fixture.ts";
import { CHILD_ENV } from "./environment.ts";
import { freePort } from "./port.ts";

/** A host that runs: somebody's server, with Chatkeep mounted in it. */
interface Host extends AsyncDisposable {
  readonly url: string;
  /** Its own page, at `/`. */
  readonly page: string;
  /** SIGTERM; the exit code, or the name of the signal that ended it. */
  stop(): Promise<number | NodeJS.Signals>;
}

/** How a host is started. */
interface HostOptions {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a program that serves on `PORT`, and waits until its own page is there. */
export async function startHost(
  [file, ...args]: readonly [string, ...string[]],
  { cwd, env }: HostOptions,
): Promise<Host> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(file, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...CHILD_ENV, PORT: String(port), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  let page: string | undefined;
  const look = async (): Promise<boolean> => {
    page = await fetch(url).then(
      (response) => response.text(),
      () => undefined,
    );
    return page !== undefined || child.exitCode !== null || child.signalCode !== null;
  };
  await expect.poll(look).toBe(true);
  if (page === undefined) throw new Error(`${file} ${args.join(" ")} ended:\n${output}`);
  const end = async (signal: NodeJS.Signals): Promise<number | NodeJS.Signals> => {
    child.kill(signal);
    const [code, by] = await exited;
    return code ?? by ?? 0;
  };
  return {
    url,
    page,
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: async () => void (await end("SIGKILL")),
  };
}

/**
 * Holds for a mount in any host whose responder says “You said …”: probes, credentials, bodies beyond the limits of
 * common body parsers, requests without a body, and streams come through.
 */
export async function checkMount(baseUrl: string): Promise<void> {
  const owner: Owner = { kind: "session", id: randomUUID() };
  const client = createClient({ baseUrl });
  expect(await (await fetch(`${baseUrl}/api/ready`)).json()).toEqual({ ready: true });
  expect((await fetch(`${baseUrl}/api/conversations`)).status).toBe(401);
  const { conversation } = await client.createConversation(owner, { title: "Mounted" });
  const { turn, events } = await client.startTurn(owner, conversation.id, { content: "Grüß Gott 👋" });
  expect((await collect(events)).at(-1)?.chunk).toMatchObject({ type: "finish" });
  const content = "You said “Grüß Gott 👋”.";
  expect(await client.getTurn(owner, conversation.id, turn.id)).toMatchObject({ reply: { content } });
  expect(await client.stopTurn(owner, conversation.id, turn.id)).toMatchObject({ status: "complete" });
  const url = `data:image/png;base64,${Buffer.alloc(1_500_000).toString("base64")}`;
  const picture = { type: "file", url, mime: "image/png" } as const;
  const odd = { ["__proto__"]: { big: "12345678901234567890" } };
  await client.appendMessages(owner, conversation.id, [{ role: "user", parts: [picture], metadata: odd }]);
  const { messages } = await client.listMessages(owner, conversation.id);
  expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  expect(messages[2]?.parts).toEqual([picture]);
  expect(Object.entries(messages[2]?.metadata ?? {})).toEqual(Object.entries(odd));
  await expect(
    client.startTurn(owner, conversation.id, { content: "x".repeat(20_000) }),
  ).rejects.toMatchObject({
    code: "invalid_request",
  });
  await client.deleteConversation(owner, conversation.id);
  expect((await client.listConversations(owner)).conversations).toEqual([]);
}
