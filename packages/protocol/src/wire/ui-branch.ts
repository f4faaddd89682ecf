import { isChatkeepError } from "../errors.ts";
import type { History } from "../history.ts";
import type { Message } from "../message.ts";
import type { Owner } from "../owner.ts";
import type { Question, StartedTurn, TurnState } from "../turn.ts";
import { isSame } from "./ui-parts.ts";

/** A question from a page of the AI SDK or assistant-ui, with the page's view of the branch. */
export interface PageQuestion {
  readonly history: Pick<
    History,
    | "getMessage"
    | "getConversation"
    | "listMessages"
    | "listVersions"
    | "startTurn"
    | "regenerate"
    | "stopTurn"
  >;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly question: Question;
  /** Whether the page regenerates an answer, edits the question stored under this id, or asks a new question. */
  readonly intent: "regenerate" | "edit" | "ask";
  /** The answer to regenerate, if the page names it. */
  readonly answerId?: string | undefined;
  /** The message before the question on the page; `undefined` if the page does not send it. */
  readonly previousId: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Begins the turn that a page asks for. A regenerated answer and an edited question become versions, so a stale page
 * removes nothing. They stop a running answer, after the question has passed every check. A page that shows another
 * branch than the head's continues that branch.
 */
export async function startPageTurn(page: PageQuestion): Promise<StartedTurn> {
  const begin = await plan(page);
  return page.intent === "ask" ? begin() : stopAndBegin(page, begin);
}

/** Begins a turn after the one that runs in the conversation, if any, was stopped. Every check comes before the stop. */
export async function stopAndBegin(
  page: Pick<PageQuestion, "owner" | "conversationId" | "signal"> & {
    readonly history: Pick<History, "stopTurn">;
  },
  begin: () => Promise<StartedTurn>,
): Promise<StartedTurn> {
  try {
    return await begin();
  } catch (error) {
    if (!isChatkeepError(error, "turn_in_progress") || error.turnId === undefined) throw error;
    await page.history.stopTurn(page.owner, page.conversationId, error.turnId);
    page.signal?.throwIfAborted();
    return begin();
  }
}

async function plan(page: PageQuestion): Promise<() => Promise<StartedTurn>> {
  const { history, owner, conversationId, question, intent } = page;
  const options = page.signal === undefined ? {} : { signal: page.signal };
  const start =
    (parent?: string | null, id = question.id) =>
    (): Promise<StartedTurn> =>
      history.startTurn(owner, conversationId, { ...question, id, parent }, options);
  if (intent === "ask") return start(await branchOf(page));
  const answer =
    intent === "regenerate" && page.answerId !== undefined ? await find(page, page.answerId) : undefined;
  if (answer?.role === "assistant")
    return () => history.regenerate(owner, conversationId, answer.id, options);
  const stored = question.id === undefined ? undefined : await find(page, question.id);
  if (stored === undefined) return start(await branchOf(page));
  // Refused as the id of another message.
  if (stored.role !== "user") return start();
  const version = await versionOf(page, stored);
  if (intent === "regenerate" && version !== undefined) {
    return () => history.regenerate(owner, conversationId, version.id, options);
  }
  // A retry of the same request, unless it tells other metadata.
  const isRetry = version !== undefined && isSame(version.metadata ?? {}, question.metadata ?? {});
  if (isRetry && (await isAnswered(page, version))) return start(undefined, version.id);
  // The page keeps sending the old id, which is taken: the text tells which version it means.
  return () =>
    history.startTurn(
      owner,
      conversationId,
      { ...question, id: undefined, parent: stored.parentId },
      options,
    );
}

/**
 * The version of a question with the page's text, the head's first: on the page an edit keeps the id of the first
 * version.
 */
async function versionOf(page: PageQuestion, stored: Message): Promise<Message | undefined> {
  const { history, owner, conversationId, question } = page;
  const body = JSON.stringify(question.parts);
  const says = ({ parts }: Message): boolean => JSON.stringify(parts) === body;
  if (stored.versions.count === 1) return says(stored) ? stored : undefined;
  const after = stored.parentId === null ? 0 : ((await find(page, stored.parentId))?.seq ?? 0);
  const { messages } = await history.listMessages(owner, conversationId, { after, limit: 1 });
  const [shown] = messages;
  if (shown !== undefined && shown.parentId === stored.parentId && says(shown)) return shown;
  if (says(stored)) return stored;
  const versions = await history.listVersions(owner, conversationId, stored.id);
  for (const { id } of versions.toReversed()) {
    const version = id === stored.id || id === shown?.id ? undefined : await find(page, id);
    if (version !== undefined && says(version)) return version;
  }
  return undefined;
}

/** Whether the answer to a question is still running. */
async function isAnswered(
  { history, owner, conversationId }: PageQuestion,
  question: Message,
): Promise<boolean> {
  return (
    question.turnId !== null &&
    (await history.getConversation(owner, conversationId)).runningTurn === question.turnId
  );
}

/** The message that a question follows: the end of the page's branch if that is not the head's, else the head. */
async function branchOf(page: PageQuestion): Promise<string | undefined> {
  const { history, owner, conversationId, previousId, question } = page;
  if (previousId === undefined) return undefined;
  try {
    const { headId } = await history.getConversation(owner, conversationId);
    if (headId === null || headId === previousId) return undefined;
    // A retry says what it said.
    if (question.id !== undefined && (await find(page, question.id)) !== undefined) return undefined;
    const previous = await find(page, previousId);
    if (previous === undefined) return undefined;
    const onHead = await history.listMessages(owner, conversationId, { before: previous.seq + 1, limit: 1 });
    return onHead.messages[0]?.id === previousId ? undefined : previousId;
  } catch (error) {
    if (isChatkeepError(error, "conversation_not_found") || isChatkeepError(error, "unavailable"))
      return undefined;
    throw error;
  }
}

async function find(
  { history, owner, conversationId }: PageQuestion,
  id: string,
): Promise<Message | undefined> {
  try {
    return await history.getMessage(owner, conversationId, id);
  } catch (error) {
    if (isChatkeepError(error, "message_not_found") || isChatkeepError(error, "conversation_not_found"))
      return undefined;
    throw error;
  }
}

/** The running turn that a loaded page follows: `null` when none runs, or its answer is on another branch than the head's. */
export async function runningTurnOfHead(
  history: Pick<History, "getConversation" | "getTurn" | "listMessages">,
  owner: Owner,
  conversationId: string,
): Promise<TurnState | null> {
  const { runningTurn } = await history.getConversation(owner, conversationId);
  if (runningTurn === null) return null;
  const state = await history.getTurn(owner, conversationId, runningTurn);
  const { reply } = state;
  if (reply === null) return null;
  const upTo = await history.listMessages(owner, conversationId, { before: reply.seq + 1, limit: 1 });
  return upTo.messages[0]?.id === reply.id ? state : null;
}
