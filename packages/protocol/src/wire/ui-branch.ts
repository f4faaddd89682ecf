import { isChatkeepError } from "../errors.ts";
import type { History } from "../history.ts";
import type { Message } from "../message.ts";
import type { Owner } from "../owner.ts";
import type { Question, StartedTurn } from "../turn.ts";

/** What a page of the AI SDK or of assistant-ui asks, and what it shows above it. */
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
  /** Whether the page wants another answer, edits the question that is stored under this id, or asks. */
  readonly intent: "regenerate" | "edit" | "ask";
  /** The message that the page shows before the question; `undefined` where it does not say. */
  readonly previousId: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Begins the turn that a page asks for. Another answer and an edit are versions: nothing stored goes, whatever the
 * page has not seen. A running answer is stopped for them, once the question has passed every check. A page that
 * shows another branch than the head's goes on with that one.
 */
export async function startPageTurn(page: PageQuestion): Promise<StartedTurn> {
  const { history, owner, conversationId, signal } = page;
  const begin = await plan(page);
  try {
    return await begin();
  } catch (error) {
    if (page.intent === "ask" || !isChatkeepError(error, "turn_in_progress") || error.turnId === undefined) {
      throw error;
    }
    await history.stopTurn(owner, conversationId, error.turnId);
    signal?.throwIfAborted();
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
  const stored = question.id === undefined ? undefined : await find(page, question.id);
  if (stored === undefined) return start(await branchOf(page));
  const version = await versionOf(page, stored);
  if (intent === "regenerate" && version !== undefined) {
    return () => history.regenerate(owner, conversationId, version.id, options);
  }
  // The request came twice.
  if (version !== undefined && (await isAnswered(page, version))) return start(undefined, version.id);
  // Its id is taken: the page goes on naming the old one, and is understood by what it says.
  return () =>
    history.startTurn(
      owner,
      conversationId,
      { ...question, id: undefined, parent: stored.parentId },
      options,
    );
}

/** The version of a question that says what the page says: an edit keeps the id of the first. */
async function versionOf(page: PageQuestion, stored: Message): Promise<Message | undefined> {
  const body = JSON.stringify(page.question.parts);
  const says = ({ parts }: Message): boolean => JSON.stringify(parts) === body;
  if (says(stored)) return stored;
  const versions = await page.history.listVersions(page.owner, page.conversationId, stored.id);
  for (const { id } of versions.toReversed()) {
    const version = id === stored.id ? undefined : await find(page, id);
    if (version !== undefined && says(version)) return version;
  }
  return undefined;
}

/** Whether the answer to a question is being given. */
async function isAnswered(
  { history, owner, conversationId }: PageQuestion,
  question: Message,
): Promise<boolean> {
  return (
    question.turnId !== null &&
    (await history.getConversation(owner, conversationId)).runningTurn === question.turnId
  );
}

/** The message that a question follows where the page shows another branch than the head's; else the head. */
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
