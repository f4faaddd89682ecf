import { type Chunk, type Part, createFold } from "@chatkeep/protocol";
import type { Pool } from "pg";

import type { Asked, Records } from "./record.ts";

interface StoredMessage {
  conversation_id: string;
  seq: string;
  id: string;
  role: string;
  status: string;
  parts: string;
  turn_id: string | null;
}

/** Compares the clients' records with the database, and says in sentences what must not be. */
export async function judge(
  records: Records,
  admin: Pool,
  modelCalls: ReadonlyMap<string, number>,
): Promise<string[]> {
  const violations = [...records.violations];
  const { rows } = await admin.query<StoredMessage>(
    `select conversation_id, seq, id, role, status, parts::text, turn_id from chatkeep.messages order by conversation_id, seq`,
  );
  const events = await admin.query<{ turn_id: string; seq: number; chunk: string }>(
    "select turn_id, seq, chunk::text from chatkeep.turn_events",
  );
  const logged = new Map(events.rows.map((row) => [`${row.turn_id} ${row.seq}`, row.chunk]));

  // Numbers are gapless, and an id stands once.
  const byConversation = Map.groupBy(rows, (row) => row.conversation_id);
  for (const [conversation, messages] of byConversation) {
    for (const [index, message] of messages.entries()) {
      if (Number(message.seq) !== index + 1) {
        violations.push(`Conversation ${conversation} has number ${message.seq} at place ${index + 1}.`);
        break;
      }
    }
    const ids = new Set(messages.map((message) => message.id));
    if (ids.size !== messages.length) violations.push(`Conversation ${conversation} holds a message twice.`);
  }

  const find = (conversation: string, id: string): StoredMessage | undefined =>
    byConversation.get(conversation)?.find((message) => message.id === id);

  // No acknowledged message is lost.
  for (const { conversationId, messageId, content } of records.appended) {
    const stored = find(conversationId, messageId);
    if (stored === undefined) violations.push(`The acknowledged message ${messageId} is lost.`);
    else if (textOf(JSON.parse(stored.parts) as Part[]) !== content)
      violations.push(`${messageId} was stored otherwise.`);
  }

  for (const asked of records.asked) {
    if (asked.turnId === undefined) continue;
    const question = find(asked.conversationId, asked.messageId);
    if (question === undefined) {
      violations.push(`The acknowledged question ${asked.messageId} is lost.`);
      continue;
    }
    const replies = (byConversation.get(asked.conversationId) ?? []).filter(
      (message) => message.turn_id === asked.turnId && message.role === "assistant",
    );
    if (replies.length !== 1) violations.push(`${asked.messageId} has ${replies.length} answers.`);
    else violations.push(...judgeShown(asked, replies[0]!, logged));
    if (!asked.unsaved && (modelCalls.get(asked.messageId) ?? 0) > 1) {
      violations.push(`The model was asked ${modelCalls.get(asked.messageId)} times for ${asked.messageId}.`);
    }
  }

  const running = await admin.query<{ id: string }>("select id from chatkeep.turns where status = 'running'");
  for (const { id } of running.rows) violations.push(`Turn ${id} was never settled.`);
  return violations;
}

/** Every event that was shown is stored: in the log as long as it is kept, and in the answer. */
function* judgeShown(
  asked: Asked,
  reply: StoredMessage,
  logged: ReadonlyMap<string, string>,
): Generator<string> {
  const kept = logged.has(`${asked.turnId} 1`);
  const fold = createFold();
  const inOrder = [...asked.shown].sort(([a], [b]) => a - b);
  for (const [seq, chunk] of inOrder) {
    const stored = logged.get(`${asked.turnId} ${seq}`);
    if (kept && (stored === undefined || !equal(JSON.parse(stored) as Chunk, chunk))) {
      yield `Event ${seq} of turn ${asked.turnId} was shown and is not in the log.`;
    }
    fold.push(chunk);
  }
  // Whoever resumes reads from where they were, so what one client was shown is without a gap.
  if (inOrder.some(([seq], index) => seq !== index + 1)) yield `Turn ${asked.turnId} was shown with a gap.`;
  const shown = textOf(fold.answer().parts);
  const stored = textOf(JSON.parse(reply.parts) as Part[]);
  if (!stored.startsWith(shown)) {
    yield `Turn ${asked.turnId} was shown as ${JSON.stringify(shown.slice(-80))} and is stored as ${JSON.stringify(stored.slice(-80))}.`;
  }
  const { status } = fold.answer();
  if (status !== "running" && status !== reply.status) {
    yield `Turn ${asked.turnId} was shown to end ${status} and is stored as ${reply.status}.`;
  }
}

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function equal(a: Chunk, b: Chunk): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
