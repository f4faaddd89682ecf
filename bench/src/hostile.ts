import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";

import { type Chatkeep, hostileBodies, startChatkeep, startPostgres } from "@chatkeep/testing";

import { type Measure, percentile } from "./measure.ts";
import { residentMegabytes } from "./process.ts";

const RESPONDER = fileURLToPath(new URL("hostile/responder.ts", import.meta.url));
/** Answers that stream meanwhile; the responder says a word each 20 ms for as long. */
const STREAMS = 10;

/** What a hostile request costs others: pauses of their answers, the event loop, memory. */
export async function* measureHostile(): AsyncGenerator<Measure> {
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
  const session = await newConversation(server);
  const bodies = hostileBodies();
  const send = async (body: string): Promise<void> => {
    const answer = await fetch(`${server.url}/api/conversations/${session.conversation}/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-session-id": session.id },
      body,
    });
    await answer.text();
    if (answer.status < 400) throw new Error(`A hostile body was taken: ${answer.status}.`);
  };
  // Until what runs often is compiled.
  await whileStreaming(server, () => send(bodies[0]!.body));

  const quiet = await whileStreaming(server, () => Promise.resolve());
  let worst = { name: "none", pause: 0 };
  let memory = 0;
  for (const { name, body } of bodies) {
    const { pause } = await whileStreaming(server, () => send(body));
    memory = Math.max(memory, residentMegabytes(server.pid));
    if (pause > worst.pause) worst = { name, pause };
  }
  yield {
    name: `longest pause of ${STREAMS} answers beside a hostile body (${worst.name})`,
    value: worst.pause - quiet.pause,
    unit: "ms",
    limit: quiet.pause,
    target: { most: 250 },
  };
  const { pause } = await whileStreaming(server, () => Promise.all(bodies.map(({ body }) => send(body))));
  memory = Math.max(memory, residentMegabytes(server.pid));
  yield {
    name: `the same beside all ${bodies.length} at once`,
    value: pause - quiet.pause,
    unit: "ms",
    limit: quiet.pause,
  };
  yield { name: "memory of the node, at the most", value: memory, unit: "MB", target: { most: 500 } };
}

/** Does it while answers stream; the longest time between two pieces of one, p99 over the answers' pieces. */
async function whileStreaming(
  server: Chatkeep,
  work: () => Promise<unknown>,
): Promise<{ readonly pause: number }> {
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => openStream(server)));
  const reading = streams.map(readPauses);
  await work();
  const pauses = (await Promise.all(reading)).flat();
  return { pause: percentile(pauses, 100) };
}

async function newConversation(server: Chatkeep): Promise<{ id: string; conversation: string }> {
  const id = randomUUID();
  const answer = await fetch(`${server.url}/api/conversations`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-session-id": id },
    body: "{}",
  });
  return { id, conversation: ((await answer.json()) as { id: string }).id };
}

async function openStream(server: Chatkeep): Promise<ReadableStream<Uint8Array>> {
  const { id, conversation } = await newConversation(server);
  const answer = await fetch(`${server.url}/api/conversations/${conversation}/turns`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream", "x-session-id": id },
    body: JSON.stringify({ content: "Go on." }),
  });
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
