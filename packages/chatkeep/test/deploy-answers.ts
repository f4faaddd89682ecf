import { type TurnEvent, createClient } from "@chatkeep/protocol";
import { expect } from "vitest";

import type { Image } from "./deploy-image.ts";
import type { Program } from "./program.ts";

/** Reads until the events have said this text; gives them. */
export async function readText(events: AsyncIterator<TurnEvent>, text: string): Promise<TurnEvent[]> {
  const seen: TurnEvent[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) throw new Error(`The stream ended before it said "${text}".`);
    seen.push(value);
    if (textOf(seen) === text) return seen;
  }
}

/** Reads to the end. */
export async function readAll(events: AsyncIterator<TurnEvent>): Promise<TurnEvent[]> {
  const seen: TurnEvent[] = [];
  for (let next = await events.next(); next.done !== true; next = await events.next()) seen.push(next.value);
  return seen;
}

/** The words of the events. */
export const textOf = (events: readonly TurnEvent[]): string =>
  events.map(({ chunk }) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");

interface RunningServer {
  readonly server: Program;
  readonly url: string;
  readonly databaseUrl: string;
}

/** Asks, and sends SIGTERM in the middle of the answer: the reader gets the rest, and all of it is stored. */
export async function endInAnAnswer(
  { owner, script, serve }: Image,
  { server, url, databaseUrl }: RunningServer,
): Promise<void> {
  const client = createClient({ baseUrl: url });
  const { conversation } = await client.createConversation(owner);
  const content = `What now, ${conversation.id}?`;
  const [{ turn, events }, answer] = await Promise.all([
    client.startTurn(owner, conversation.id, { content }),
    script.answer(content),
  ]);
  const reader = events[Symbol.asyncIterator]();
  answer.say("First,");
  await readText(reader, "First,");
  server.signal("SIGTERM");
  await expect.poll(() => server.output()).toContain("ending");
  answer.say(" then");
  await readText(reader, " then");
  answer.end(".");
  const rest = await readAll(reader);
  expect(textOf(rest)).toBe(".");
  expect(rest.at(-1)?.chunk).toMatchObject({ type: "finish", messageMetadata: { status: "complete" } });
  expect([await server.ended, server.output()]).toEqual([0, expect.stringContaining('"ended"')]);

  await using next = await serve({ DATABASE_URL: databaseUrl });
  expect(await next.client.getTurn(owner, conversation.id, turn.id)).toMatchObject({
    turn: { status: "complete" },
    reply: { content: "First, then.", status: "complete" },
  });
}
