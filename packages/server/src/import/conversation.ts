import { hash } from "node:crypto";

import { ownerId } from "@chatkeep/core";
import {
  type History,
  type Json,
  type JsonObject,
  type MessageInput,
  type Owner,
  type Part,
  isChatkeepError,
} from "@chatkeep/protocol";

import type { Archive } from "./archive.ts";
import { storeAttached } from "./attached.ts";
import { type ForeignConversation, type ForeignMessage, object, text } from "./foreign.ts";
import type { Report } from "./report.ts";
import { inOrder } from "./tree.ts";
import { harmless, isAllowed } from "./trust.ts";

/** A conversation that was found in an archive. */
export interface Found {
  /** The service. `isOwn`: Chatkeep, so that ids and metadata are kept. */
  readonly from: { readonly name: string; readonly key: string; readonly isOwn?: boolean };
  readonly conversation: ForeignConversation;
  readonly files: Archive;
}

/** Where conversations go. */
export interface Target {
  readonly history: Pick<
    History,
    | "createConversation"
    | "updateConversation"
    | "setHead"
    | "setFeedback"
    | "getMessage"
    | "appendMessages"
    | "putFile"
  >;
  readonly owner: Owner;
  /** Whether an operator vouches for the file: a person could have written it. */
  readonly isTrusted: boolean;
}

interface Work extends Found, Target {
  readonly report: Report;
}

/** Errors that concern one conversation or message; others end an import. */
export const OF_ONE: ReadonlySet<string> = new Set([
  "invalid_request",
  "payload_too_large",
  "quota_exceeded",
  "forbidden",
  "conflict",
  "idempotency_mismatch",
]);

/** Stores a conversation, unless it is there already. Errors: those of {@link History}. */
export async function importConversation(work: Work): Promise<void> {
  const { history, owner, conversation, isTrusted, report } = work;
  const given = isTrusted ? conversation.messages : conversation.messages.map((one) => harmless(one, report));
  const ordered = inOrder(given, (message) => !isEmpty(message) && isAllowed(message, isTrusted, report));
  const last = ordered.at(-1)?.node;
  if (last === undefined) return report.leave("A conversation without a message");
  const { id, created } = await createConversation(work);
  if (!created && (await isStored(work, id, last))) return report.count("known");
  /** The stored ids of messages; of one that was left, that of the message before it. */
  const stored = new Map<string, string | null>();
  for (const run of runsOf(ordered)) {
    const inputs: MessageInput[] = [];
    for (const { node } of run) inputs.push(await inputOf(work, node));
    const parent = run[0]!.parent === null ? null : (stored.get(run[0]!.parent) ?? null);
    await appendRun(work, id, run, inputs, parent, stored);
  }
  const head = conversation.head === null ? null : (stored.get(conversation.head) ?? null);
  if (head !== null && head !== messageId(last)) await history.setHead(owner, id, head);
  const { pinned = false, archived = false } = conversation;
  if (pinned || archived) await history.updateConversation(owner, id, { pinned, archived });
  report.count("conversations");
}

/** Only an answer that was cut off may be empty. */
function isEmpty({ role, parts, status = "complete" }: ForeignMessage): boolean {
  return parts.length === 0 && (role !== "assistant" || status === "complete");
}

/** Stores messages that follow each other: all at once, or one by one where one of them is refused. */
async function appendRun(
  work: Pick<Work, "history" | "owner" | "report">,
  conversationId: string,
  run: readonly { readonly node: ForeignMessage }[],
  inputs: readonly MessageInput[],
  parent: string | null,
  stored: Map<string, string | null>,
): Promise<void> {
  const { history, owner, report } = work;
  try {
    await history.appendMessages(owner, conversationId, inputs, { parent });
    for (const [place, { node }] of run.entries()) {
      const { id } = inputs[place]!;
      stored.set(node.id, id!);
      if (node.feedback !== undefined && node.role === "assistant")
        await history.setFeedback(owner, conversationId, id!, node.feedback);
    }
    report.count("messages", inputs.length);
  } catch (error) {
    if (!isChatkeepError(error) || !OF_ONE.has(error.code)) throw error;
    if (inputs.length === 1) {
      report.leave(error.message);
      stored.set(run[0]!.node.id, parent);
      return;
    }
    for (const [place, one] of run.entries()) {
      await appendRun(work, conversationId, [one], [inputs[place]!], parent, stored);
      parent = stored.get(one.node.id) ?? null;
    }
  }
}

/** Runs of messages of which each follows the one before, as many as one append takes. */
function* runsOf<M extends { readonly node: ForeignMessage; readonly parent: string | null }>(
  ordered: readonly M[],
): Generator<M[], void, void> {
  let run: M[] = [];
  let size = 0;
  for (const one of ordered) {
    const more = sizeOf(one.node);
    const isFull = run.length >= MOST.messages || size + more > MOST.text;
    if (run.length > 0 && (isFull || one.parent !== run.at(-1)!.node.id)) {
      yield run;
      run = [];
      size = 0;
    }
    run.push(one);
    size += more;
  }
  if (run.length > 0) yield run;
}
const MOST = { messages: 500, text: 400_000 };

function sizeOf({ parts }: ForeignMessage): number {
  // A part of our own export may be anything.
  const lengths = parts.map((part) => text(object(part as unknown as Json)?.["text"])?.length ?? 100);
  return lengths.reduce((sum, length) => sum + length, 0);
}

async function isStored({ history, owner }: Work, id: string, message: ForeignMessage): Promise<boolean> {
  try {
    await history.getMessage(owner, id, messageId(message));
    return true;
  } catch (error) {
    if (isChatkeepError(error, "message_not_found")) return false;
    throw error;
  }
}

/** Our own export's id where it is free, else one that the owner, the service and its id give. */
async function createConversation(work: Work): Promise<{ id: string; created: boolean }> {
  const { history, owner, from, conversation } = work;
  const { id, title, createdAt, scope = null, scopeLabel = null, own = null, tags = [] } = conversation;
  const init = {
    title: title === null || title.trim() === "" ? null : cut(title.trim(), 200),
    scope,
    scopeLabel,
    createdAt: createdAt ?? EARLIEST,
    tags,
    metadata:
      from.isOwn === true
        ? own
        : { imported: { from: from.key, id: cut(id, 200), ...restOf(work, conversation) } },
  };
  if (from.isOwn === true) {
    try {
      const { created } = await history.createConversation(owner, { ...init, id });
      return { id, created };
    } catch (error) {
      if (!isChatkeepError(error, "forbidden")) throw error;
    }
  }
  const derived = `${from.key}-${hash("sha256", JSON.stringify([ownerId(owner), from.key, id])).slice(0, 40)}`;
  const { created } = await history.createConversation(owner, { ...init, id: derived });
  return { id: derived, created };
}
/** Of a conversation without a time: it is listed below all others. */
const EARLIEST = "1970-01-01T00:00:00.000Z";

/** Its beginning, without half of an emoji at the end. */
function cut(value: string, length: number): string {
  return value.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}

/** The fields without a place of their own, if they fit into metadata. */
function restOf(
  { report }: Work,
  { rest }: { readonly rest?: JsonObject | undefined },
): JsonObject | undefined {
  if (rest === undefined || JSON.stringify(rest).length <= MOST_REST) return rest;
  report.leave("Details that are too long");
  return undefined;
}
const MOST_REST = 8_000;

/** The message's own id, where it can be one. */
function messageId({ id }: ForeignMessage): string {
  return /^[!-~]{1,128}$/.test(id) ? id : hash("sha256", id).slice(0, 40);
}

async function inputOf(work: Work, node: ForeignMessage): Promise<MessageInput> {
  const parts: Part[] = [];
  for (const part of node.parts)
    parts.push(part?.type === "attachment" ? await storeAttached(work, part) : part);
  const imported = restOf(work, node);
  return {
    id: messageId(node),
    role: node.role,
    parts,
    createdAt: node.createdAt ?? work.conversation.createdAt ?? EARLIEST,
    model: node.model === undefined || node.model === null ? null : cut(node.model, 200),
    status: node.status,
    metadata: imported === undefined ? null : { imported },
    ...node.own,
  };
}
