import {
  ChatkeepError,
  type Message,
  type Part,
  type Turn,
  type TurnEvent,
  isChatkeepError,
  pairCalls,
  settledChunks,
  waitingCalls,
} from "@chatkeep/protocol";

import { CONTEXT_MESSAGES } from "../context/context.ts";
import type { Database } from "../database/database.ts";
import {
  type MessageRow,
  type MessageRows,
  messageOf,
  messagesOf,
  parentArgument,
} from "../database/rows.ts";
import { EXPIRED } from "../maintenance/janitor.ts";
import { type NewTurn, type TurnRow, turnFromRow } from "./turn.ts";

/** The parts of a message that answers calls. A step asks to go on with the answer. */
const ANSWERS = new Set<Part["type"]>(["tool-result", "approval", "step"]);

/** What becomes of results and approvals. */
export interface Results {
  /** The turn, with the parts that were not told before. */
  readonly turn: NewTurn;
  /** The head that they follow; `null`: any. */
  readonly expectedHead: string | null;
  /** The turn that waits for more than these, so that nothing goes on yet. */
  readonly waiting: Turn | undefined;
}

/**
 * Checks that results and approvals answer open calls of the branch that they follow, or are stored already. Errors:
 * `invalid_request`, `conflict`.
 */
export async function readResults(database: Database, turn: NewTurn): Promise<Results> {
  const { parts, parent } = turn.question;
  if (!parts.every(({ type }) => ANSWERS.has(type))) {
    const detail = "A tool's message can hold only results and approvals.";
    throw new ChatkeepError("invalid_request", detail, { pointer: "/parts" });
  }
  const { ownerId: owner, conversationId: conversation } = turn.key;
  const [row] = await database.call("get_context", {
    owner,
    conversation,
    parent: parentArgument(parent),
    context_limit: CONTEXT_MESSAGES,
  });
  const rows = row?.history as MessageRows | undefined;
  const history = messagesOf(rows, turn.owner, conversation, CONTEXT_MESSAGES);
  const place = history.findLastIndex(({ role }) => role === "assistant");
  const answer = history[place];
  const answered = await turnOf(database, turn, answer);
  const waits = answered?.status === "waiting";
  const told = waits ? history.slice(place + 1).flatMap((message) => message.parts) : [];
  const fresh = without(parts, told);
  const after = [...history, { role: "tool" as const, parts: fresh }];
  const isLast = !waits || !waitingCalls(after).some(({ call }) => answer!.parts.includes(call));
  if (fresh.length === 0 && !isLast) return { turn, expectedHead: null, waiting: answered };
  const left = fresh.length === 0 ? parts : fresh;
  const fault = faultOf(left, history, answer, answered);
  if (fault !== undefined) return storedResults(database, turn, fault);
  // An approved call is made on one branch only.
  const isOnce = parent === undefined || !isLast || parts.some(({ type }) => type === "approval");
  return {
    turn: { ...turn, question: { ...turn.question, parts: left } },
    expectedHead: isOnce ? (history.at(-1)?.id ?? null) : null,
    waiting: isLast ? undefined : answered,
  };
}

/** Stores results that leave other calls of their turn open. Errors: `conflict` when another message is the head by now. */
export async function storeResults(database: Database, { turn, expectedHead }: Results): Promise<void> {
  const { key, question } = turn;
  await database.call("append_messages", {
    owner: key.ownerId,
    conversation: key.conversationId,
    parent: parentArgument(question.parent),
    expected_head: expectedHead,
    ids: [question.id],
    roles: [question.role],
    bodies: [question.parts],
    context_texts: [question.contextText ?? null],
    intents: [null],
    processed_flags: [null],
    models: [null],
    usages: [null],
    metadatas: [question.metadata ?? null],
    statuses: null,
    errors: null,
    created_ats: null,
    word_texts: [""],
    new_title: null,
    new_preview: null,
  });
}

/** What a client reads whose results leave other calls open: nothing is said yet. */
export async function* nothingYet({
  id,
  conversationId,
  messageId,
  replyId,
  createdAt,
}: Turn): AsyncGenerator<TurnEvent, void, void> {
  const messageMetadata = {
    turn_id: id,
    conversation_id: conversationId,
    message_id: messageId,
    persisted: true,
    created_at: createdAt,
  };
  yield { seq: 1, chunk: { type: "start", messageId: replyId!, messageMetadata } };
  for (const chunk of settledChunks("complete", null)) yield { seq: 2, chunk };
}

/** Finds results that an earlier request stored. They may have been told with others that were stored before. */
async function storedResults(database: Database, turn: NewTurn, fault: string): Promise<Results> {
  const { question } = turn;
  const read = async (id: string): Promise<Message> => {
    const { ownerId: owner, conversationId: conversation } = turn.key;
    const [row] = await database.call("get_message", { owner, conversation, message_id: id });
    return messageOf(row?.get_message as MessageRow, turn.owner);
  };
  let stored = await read(question.id).catch((error: unknown) => {
    if (!isChatkeepError(error, "message_not_found")) throw error;
    throw new ChatkeepError("conflict", fault, { pointer: "/parts" });
  });
  const isSame = stored.role === "tool" && without(stored.parts, question.parts).length === 0;
  if (!isSame || stored.turnId !== null) {
    const parts = isSame ? stored.parts : question.parts;
    return { turn: { ...turn, question: { ...question, parts } }, expectedHead: null, waiting: undefined };
  }
  while (stored.role === "tool" && stored.parentId !== null) stored = await read(stored.parentId);
  return { turn, expectedHead: null, waiting: await turnOf(database, turn, stored) };
}

async function turnOf(
  database: Database,
  { key: { ownerId: owner, conversationId: conversation } }: NewTurn,
  answer: Message | undefined,
): Promise<Turn | undefined> {
  if (answer === undefined || answer.turnId === null) return undefined;
  const [row] = await database.call("get_turn", { owner, conversation, turn_id: answer.turnId });
  return row && turnFromRow(row.turn as TurnRow);
}

function without(parts: readonly Part[], others: readonly Part[]): Part[] {
  const known = new Set(others.map((part) => JSON.stringify(part)));
  return parts.filter((part) => !known.has(JSON.stringify(part)));
}

/** Why these parts answer nothing. */
function faultOf(
  parts: readonly Part[],
  history: readonly Message[],
  answer: Message | undefined,
  turn: Turn | undefined,
): string | undefined {
  const { open } = pairCalls(history);
  if (parts.some(({ type }) => type === "step")) {
    if (answer === undefined || history.at(-1)?.role === "user") return "There is no answer to continue.";
    if (turn?.status === "waiting") return "The answer waits for results or approvals. Send those.";
  } else if (turn?.error?.code === EXPIRED) return turn.error.detail;
  for (const part of parts) {
    if (part.type === "tool-result") {
      if (!open.some(({ call }) => call.id === part.id && call.executor !== "provider"))
        return `No call \`${part.id}\` of the last answer waits for a result. ${READ}`;
      if (answer?.status === "stopped")
        return `The answer was stopped, so its calls wait for no result. ${READ}`;
    } else if (part.type === "approval") {
      const asked = open.find(({ request }) => request?.id === part.id);
      if (asked === undefined || asked.approval !== undefined)
        return `No approval \`${part.id}\` of the last answer is waited for. ${READ}`;
      if (answer?.status === "stopped")
        return `The answer was stopped, so its calls wait for no approval. ${READ}`;
    }
  }
  return undefined;
}

const READ = "Read the messages again.";
