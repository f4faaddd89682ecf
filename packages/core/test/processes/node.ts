import { createInterface } from "node:readline";

import { createHistory, createPool } from "@chatkeep/core";
import { type Owner, type ResponderEvent, isChatkeepError } from "@chatkeep/protocol";

/**
 * A node with one turn: its arguments are the database's URL, the owner as JSON, the conversation's id, the lease in
 * milliseconds, and `continues` if its responder does. The answer is what comes on standard input, a line a piece, JSON
 * for an event that is no text; it says when text was shown.
 */
const [url, owner, conversationId, lease, continues] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
];
const pool = createPool(url);
const lines = createInterface({ input: process.stdin });
const history = createHistory({
  pool,
  lease: Number(lease),
  responder: Object.assign(
    async function* (): AsyncGenerator<ResponderEvent> {
      for await (const line of lines)
        yield line.startsWith("{") ? (JSON.parse(line) as ResponderEvent) : line;
    },
    { continues: continues !== undefined },
  ),
});
process.once("SIGTERM", () => void history.close());
const { turn, events } = await history.startTurn(JSON.parse(owner) as Owner, conversationId, {
  content: "Hello",
});
process.stdout.write(`${turn.id}\n`);
try {
  for await (const { chunk } of events) {
    if (chunk.type === "text-delta") process.stdout.write(`${chunk.delta}\n`);
  }
} catch (error) {
  // It handed the turn over.
  if (!isChatkeepError(error, "unavailable")) throw error;
}
process.stdout.write(
  `${(await history.getTurn(JSON.parse(owner) as Owner, conversationId, turn.id)).turn.status}\n`,
);
await history.close();
await pool.end();
