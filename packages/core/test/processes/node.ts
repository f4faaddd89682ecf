import { createInterface } from "node:readline";

import { createHistory, createPool } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";

/**
 * A node with one turn: its arguments are the database's URL, the owner as JSON, the conversation's id and the
 * lease in milliseconds. The answer is what comes on standard input, a line a piece; it says when one was shown.
 */
const [url, owner, conversationId, lease] = process.argv.slice(2) as [string, string, string, string];
const pool = createPool(url);
const lines = createInterface({ input: process.stdin });
const history = createHistory({
  pool,
  lease: Number(lease),
  async *responder() {
    for await (const line of lines) yield line;
  },
});
const { turn, events } = await history.startTurn(JSON.parse(owner) as Owner, conversationId, {
  content: "Hello",
});
process.stdout.write(`${turn.id}\n`);
for await (const { chunk } of events) {
  if (chunk.type === "text-delta") process.stdout.write(`${chunk.delta}\n`);
}
process.stdout.write(
  `${(await history.getTurn(JSON.parse(owner) as Owner, conversationId, turn.id)).turn.status}\n`,
);
await history.close();
await pool.end();
