import { randomBytes, randomUUID } from "node:crypto";

import type { CoreHistory } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";

/** Somebody's things that a route can name, and the words that stand in all of them. */
export interface Things {
  readonly owner: Owner;
  readonly conversation: string;
  readonly turn: string;
  readonly message: string;
  readonly answer: string;
  readonly trashed: string;
  /** A handle of the conversation (seeds 2 and 3). */
  readonly handle: string;
  readonly file: string;
  readonly share: string;
  readonly mark: string;
}

/** What a route answers to somebody who names another's things, or has none of their own to name. */
type Others = "refused" | "own only" | "operator" | "anyone";

/** How a route is called. */
export interface Entry {
  /** To those whose things they are not: 403, or their own data only; an operator's is open to server keys alone. */
  readonly others: Others;
  /** The status for the owner. */
  readonly own: number;
  /** The status where there is no such conversation (default 404). */
  readonly missing?: number;
  readonly body?: (things: Things) => unknown;
  /** Values of parameters of the path that are not named as {@link Things} are. */
  readonly params?: (things: Things) => Record<string, string>;
  readonly query?: string;
}

/**
 * Every route that `/openapi.json` tells of, by its operation's id. A route without an entry fails the suite:
 * say here what it gives to others.
 */
export const ENTRIES: Readonly<Record<string, Entry>> = {
  createConversation: { others: "own only", own: 201, body: () => ({}) },
  listConversations: { others: "own only", own: 200 },
  getConversation: { others: "refused", own: 200 },
  updateConversation: { others: "refused", own: 200, body: () => ({ title: "Taken", archived: true }) },
  exportConversation: { others: "refused", own: 200, query: "?format=html" },
  deleteConversation: { others: "refused", own: 204 },
  listTrash: { others: "own only", own: 200 },
  restoreConversation: {
    others: "refused",
    own: 200,
    params: ({ trashed }) => ({ conversation_id: trashed }),
  },
  changeConversations: {
    others: "own only",
    own: 200,
    body: ({ conversation }) => ({ ids: [conversation], action: "tag", tag: "taken" }),
  },
  listTags: { others: "own only", own: 200 },
  listMessages: { others: "refused", own: 200 },
  appendMessages: { others: "refused", own: 201, body: () => ({ role: "user", content: "Mine now" }) },
  clearMessages: { others: "refused", own: 200 },
  getMessage: { others: "refused", own: 200 },
  forkConversation: { others: "refused", own: 201, body: ({ message }) => ({ message_id: message }) },
  setFeedback: {
    others: "refused",
    own: 204,
    params: ({ answer }) => ({ message_id: answer }),
    body: () => ({ rating: "down", comment: "Not mine" }),
  },
  removeFeedback: { others: "refused", own: 204, params: ({ answer }) => ({ message_id: answer }) },
  listVersions: { others: "refused", own: 200 },
  regenerate: { others: "refused", own: 200, body: () => ({}) },
  // None of them is deleted.
  restoreMessages: { others: "refused", own: 404, body: ({ message }) => ({ ids: [message] }) },
  deleteMessage: { others: "refused", own: 204 },
  startTurn: { others: "refused", own: 200, body: () => ({ content: "What did they say?" }) },
  listQueuedQuestions: { others: "refused", own: 200 },
  // It does not wait.
  deleteQueuedQuestion: { others: "refused", own: 404 },
  // No server signed this token.
  importTurn: { others: "refused", own: 400, body: () => ({ token: "e30.e30" }) },
  getTurn: { others: "refused", own: 200 },
  followTurn: { others: "refused", own: 200 },
  stopTurn: { others: "refused", own: 200 },
  putFile: { others: "own only", own: 201, body: () => ({ any: "bytes" }) },
  listFiles: { others: "own only", own: 200 },
  readFile: { others: "refused", own: 200, missing: 404 },
  getFile: { others: "refused", own: 200, missing: 404 },
  deleteFile: { others: "refused", own: 204, missing: 404 },
  createShare: { others: "refused", own: 201, body: () => ({}) },
  listShares: { others: "own only", own: 200 },
  deleteShare: { others: "refused", own: 204, missing: 404 },
  // A token that nobody has. What a link shows is in shares.test.ts.
  getShared: { others: "anyone", own: 404, params: unknownToken },
  listShared: { others: "anyone", own: 404, params: unknownToken },
  readSharedFile: { others: "anyone", own: 404, params: unknownToken },
  getSharedFile: { others: "anyone", own: 404, params: unknownToken },
  forkShared: { others: "refused", own: 404, missing: 404, params: unknownToken, body: () => ({}) },
  exportData: { others: "own only", own: 200 },
  importData: {
    others: "own only",
    own: 200,
    body: () => ({ uuid: randomUUID(), chat_messages: [{ uuid: "m", sender: "human", text: "Hi" }] }),
  },
  eraseData: { others: "own only", own: 200 },
  getUsage: { others: "own only", own: 200 },
  claimSession: { others: "own only", own: 200 },
  searchMessages: { others: "own only", own: 200, query: "?q=mark" },
  getTurnContext: { others: "refused", own: 200 },
  getContext: { others: "refused", own: 200, query: "?question=mark" },
  askBook: { others: "own only", own: 200, body: () => ({ question: "What is it?" }) },
  askBookAgent: { others: "own only", own: 200, body: () => ({ question: "What is it?" }) },
  readBookChat: { others: "own only", own: 200 },
  clearBookChat: { others: "own only", own: 200 },
  bookChatStatus: { others: "anyone", own: 200 },
  // An id that nobody uses begins a conversation.
  chat: {
    others: "refused",
    own: 200,
    missing: 200,
    body: ({ conversation }) => ({
      id: conversation,
      message: { id: randomUUID(), role: "user", parts: [{ type: "text", text: "What did they say?" }] },
    }),
  },
  startChat: {
    others: "refused",
    own: 200,
    body: ({ conversation }) => ({ conversationId: conversation }),
  },
  sendChatMessage: { others: "refused", own: 200, body: () => ({ message: "What did they say?" }) },
  readChat: { others: "refused", own: 200 },
  endChat: { others: "refused", own: 200 },
  resumeChatStream: { others: "refused", own: 204, missing: 204 },
  stopChat: { others: "refused", own: 200, missing: 200 },
  getOrCreateUserConversation: { others: "refused", own: 200, body: () => ({}) },
  listUserConversations: { others: "refused", own: 200 },
  addUserMessage: { others: "refused", own: 201, body: () => ({ role: "user", content: "Mine now" }) },
  listUserMessages: { others: "refused", own: 200 },
  askAsUser: { others: "refused", own: 200, body: () => ({ message: "What did they say?" }) },
  openaiCreateConversation: { others: "own only", own: 200, body: () => ({}) },
  openaiGetConversation: { others: "refused", own: 200, params: openaiIds },
  openaiUpdateConversation: {
    others: "refused",
    own: 200,
    params: openaiIds,
    body: () => ({ metadata: { taken: "yes" } }),
  },
  openaiDeleteConversation: { others: "refused", own: 200, params: openaiIds },
  openaiCreateItems: {
    others: "refused",
    own: 200,
    params: openaiIds,
    body: () => ({ items: [{ type: "message", role: "user", content: "Mine now" }] }),
  },
  openaiListItems: { others: "refused", own: 200, params: openaiIds },
  openaiGetItem: { others: "refused", own: 200, params: openaiIds },
  openaiDeleteItem: { others: "refused", own: 200, params: openaiIds },
  openaiCreateFile: { others: "own only", own: 200, body: () => ({ any: "bytes" }) },
  openaiListFiles: { others: "own only", own: 200 },
  openaiGetFile: { others: "refused", own: 200, missing: 404, params: openaiIds },
  openaiReadFile: { others: "refused", own: 200, missing: 404, params: openaiIds },
  openaiDeleteFile: { others: "refused", own: 200, missing: 404, params: openaiIds },
  runAgent: {
    others: "refused",
    own: 200,
    missing: 200,
    body: ({ conversation }) => ({
      threadId: conversation,
      runId: randomUUID(),
      messages: [{ id: randomUUID(), role: "user", content: "What did they say?" }],
    }),
  },
  connectAgent: {
    others: "refused",
    own: 200,
    missing: 200,
    params: ({ conversation }) => ({ thread_id: conversation }),
  },
  openaiCreateResponse: {
    others: "refused",
    own: 200,
    body: (things) => ({
      input: "What did they say?",
      conversation: openaiIds(things)["conversation_id"],
    }),
  },
  openaiGetResponse: { others: "refused", own: 200, params: openaiIds },
  openaiCancelResponse: { others: "refused", own: 200, params: openaiIds },
  listDocuments: { others: "anyone", own: 200 },
  movedDocuments: { others: "anyone", own: 308 },
  movedDocument: { others: "anyone", own: 308, params: () => ({ path: "none.md" }) },
  movedCitations: { others: "anyone", own: 308 },
  openCitation: { others: "own only", own: 200, body: () => ({ path: "none.md", quote: "Nothing." }) },
  readDocument: { others: "anyone", own: 404, params: () => ({ path: "none.md" }) },
  getOverview: { others: "operator", own: 200 },
  continueTurns: { others: "operator", own: 200 },
  listErrors: { others: "operator", own: 200 },
  getUsageTotals: { others: "operator", own: 200 },
  setBudgets: { others: "operator", own: 200, body: () => ({ tokens_per_day: 0 }) },
  health: { others: "anyone", own: 200 },
  ready: { others: "anyone", own: 200 },
  apiHealth: { others: "anyone", own: 200 },
  apiReady: { others: "anyone", own: 200 },
  openapi: { others: "anyone", own: 200 },
  docs: { others: "anyone", own: 200 },
  pagesStyle: { others: "anyone", own: 200 },
};

function unknownToken(): Record<string, string> {
  return { token: randomBytes(32).toString("base64url") };
}

/** The same things as OpenAI's clients name them. */
function openaiIds({ conversation, turn, message, file }: Things): Record<string, string> {
  const hex = (id: string): string => id.replaceAll("-", "");
  const conversationId = `conv_${hex(conversation)}`;
  return {
    conversation_id: conversationId,
    item_id: `msg_${hex(message)}`,
    file_id: `file-${hex(file)}`,
    response_id: `resp_${hex(turn)}_${conversationId}`,
  };
}

/** Gives somebody a thing of each kind. */
export async function makeThings(history: CoreHistory, owner: Owner): Promise<Things> {
  const mark = `mark-${randomUUID()}`;
  const { conversation } = await history.createConversation(owner, { title: mark, metadata: { mark } });
  const { id } = conversation;
  const { turn, events } = await history.startTurn(owner, id, { content: mark });
  for await (const _ of events);
  const trashed = await history.createConversation(owner, { title: mark });
  await history.deleteConversation(owner, trashed.conversation.id);
  const handle = await history.createHandle(owner, id);
  const file = await history.putFile(owner, { name: mark, mediaType: "text/plain" }, Buffer.from(mark));
  const { share } = await history.createShare(owner, id, { name: mark });
  return {
    owner,
    file: file.id,
    share: share.id,
    conversation: id,
    turn: turn.id,
    message: turn.messageId,
    answer: turn.replyId!,
    trashed: trashed.conversation.id,
    handle,
    mark,
  };
}

/** The path of a route with these things named in it. */
export function pathOf(template: string, entry: Entry, things: Things): string {
  const values: Record<string, string> = {
    conversation_id: things.conversation,
    turn_id: things.turn,
    message_id: things.message,
    session_id: things.handle,
    file_id: things.file,
    share_id: things.share,
    chat_id: things.conversation,
    user_id: things.owner.id,
    ...entry.params?.(things),
  };
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Say in ENTRIES what {${name}} of ${template} stands for.`);
    return encodeURIComponent(value);
  });
  return path + (entry.query ?? "");
}

/** The same things, of which the conversation is not there. */
export function withoutConversation(things: Things): Things {
  const handle = `sess_${randomBytes(24).toString("base64url")}`;
  return {
    ...things,
    conversation: randomUUID(),
    trashed: randomUUID(),
    file: randomUUID(),
    share: randomUUID(),
    handle,
  };
}

/** All that an owner can see of their own, to be compared before and after. */
export async function everythingOf(history: CoreHistory, owner: Owner): Promise<string> {
  const lines: unknown[] = [];
  for await (const line of history.exportData(owner)) lines.push(line);
  const trash = await history.listTrash(owner);
  return JSON.stringify([lines, trash, await history.listShares(owner)]);
}
