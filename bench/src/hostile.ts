import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";

import { type Chatkeep, hostileBodies, largeBodies, startChatkeep, startPostgres } from "@chatkeep/testing";

import { HELD } from "./hostile/held.ts";
import type { Measure } from "./measure.ts";
import { peakMegabytes } from "./process.ts";

const RESPONDER = fileURLToPath(new URL("hostile/responder.ts", import.meta.url));
/** Answers that stream meanwhile; the responder says a word each 20 ms for as long. */
const STREAMS = 10;

/** What a request costs others: pauses of their answers, the event loop, memory. `list` shows each body's figure. */
export async function* measureHostile(list = false): AsyncGenerator<Measure> {
  await using postgres = await startPostgres();
  await using server = await startChatkeep({
    env: {
      DATABASE_URL: postgres.url("postgres"),
      CHATKEEP_RESPONDER: RESPONDER,
      CHATKEEP_LIMIT_BYTES: "0",
      CHATKEEP_LIMIT_BYTES_ADDRESS: "0",
    },
    // A container of 512 MB.
    nodeOptions: ["--max-old-space-size=320"],
  });
  const sender = await newConversation(server);
  const send = async ({ name, body, taken }: Sent): Promise<void> => {
    const answer = await post(server, sender, "messages", body);
    const text = await answer.text();
    if (answer.ok !== taken) throw new Error(`${name} met ${answer.status}: ${text.slice(0, 300)}`);
  };
  const held = async (): Promise<number> => {
    const answer = await post(
      server,
      await newConversation(server),
      "turns",
      JSON.stringify({ content: HELD }),
    );
    return Number(((await answer.json()) as { reply: { content: string } }).reply.content);
  };
  const bodies: Sent[] = [
    ...hostileBodies().map(({ name, body }) => ({ name, body, taken: false })),
    ...largeBodies().map(({ name, body }) => ({ name, body, taken: true })),
  ];
  // Until what runs often is compiled.
  for (const body of bodies) await send(body);

  const quiet = await whileStreaming(server, () => Promise.resolve());
  await held();
  let paused = { name: "none", value: 0 };
  let loop = { name: "none", value: 0 };
  for (const body of bodies) {
    const { name } = body;
    const pause = await whileStreaming(server, () => send(body));
    if (pause > paused.value) paused = { name, value: pause };
    const value = await held();
    if (value > loop.value) loop = { name, value };
    if (list) yield { name: `  ${name}: the event loop held`, value, unit: "ms" };
  }
  yield {
    name: `longest time that one body holds the event loop (${loop.name})`,
    value: loop.value,
    unit: "ms",
    target: { most: 50 },
  };
  yield {
    name: `longest pause of ${STREAMS} answers beside a body (${paused.name})`,
    value: paused.value - quiet,
    unit: "ms",
    limit: quiet,
    target: { most: 250 },
  };
  yield {
    name: `longest pause beside all ${bodies.length} at once`,
    value: (await whileStreaming(server, () => Promise.all(bodies.map(send)))) - quiet,
    unit: "ms",
    limit: quiet,
  };
  yield {
    name: "memory of the node, its peak",
    value: peakMegabytes(server.pid),
    unit: "MB",
    target: { most: 500 },
  };
}

interface Sent {
  readonly name: string;
  readonly body: string;
  /** Whether it is stored. */
  readonly taken: boolean;
}

interface Sender {
  readonly id: string;
  readonly conversation: string;
}

/** Does it while answers stream; the longest time in milliseconds between two pieces of one. */
async function whileStreaming(server: Chatkeep, work: () => Promise<unknown>): Promise<number> {
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => openStream(server)));
  const reading = streams.map(readPauses);
  await work();
  return Math.max(...(await Promise.all(reading)).flat());
}

function post(
  server: Chatkeep,
  { id, conversation }: Sender,
  path: string,
  body: string,
  accept = "*/*",
): Promise<Response> {
  return fetch(`${server.url}/api/conversations/${conversation}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept, "x-session-id": id },
    body,
  });
}

async function newConversation(server: Chatkeep): Promise<Sender> {
  const id = randomUUID();
  const answer = await fetch(`${server.url}/api/conversations`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-session-id": id },
    body: "{}",
  });
  return { id, conversation: ((await answer.json()) as { id: string }).id };
}

async function openStream(server: Chatkeep): Promise<ReadableStream<Uint8Array>> {
  const body = JSON.stringify({ content: "Go on." });
  const answer = await post(server, await newConversation(server), "turns", body, "text/event-stream");
  if (answer.status !== 200 || answer.body === null) throw new Error(`A question met ${answer.status}.`);
  return answer.body;
}

/** Milliseconds between the pieces of an answer; throws where it is not whole. */
async function readPauses(stream: ReadableStream<Uint8Array>): Promise<number[]> {
  const pauses: number[] = [];
  let last = performance.now();
  let end = "";
  for await (const piece of stream) {
    const now = performance.now();
    pauses.push(now - last);
    last = now;
    end = (end + Buffer.from(piece).toString()).slice(-20);
  }
  if (!end.includes("[DONE]")) throw new Error("An answer was cut off.");
  return pauses;
}
