import type { Context, ContextQuery, ContextRecord } from "./context.ts";
import type {
  Conversation,
  ConversationInit,
  ConversationPage,
  ConversationPatch,
  ForkOptions,
  ConversationQuery,
  TrashPage,
  TrashQuery,
} from "./conversation.ts";
import type {
  AppendOptions,
  Message,
  MessageInput,
  MessagePage,
  MessageQuery,
  MessageVersion,
} from "./message.ts";
import type { Owner } from "./owner.ts";
import type { ErasureReceipt, ExportLine } from "./personal-data.ts";
import type { SearchPage, SearchQuery } from "./search.ts";
import type { FollowOptions, Question, StartedTurn, Turn, TurnEvent, TurnState } from "./turn.ts";

/**
 * Conversation memory. Implemented twice, by `createHistory({ pool })` of `@chatkeep/core` and by
 * `createClient({ baseUrl })` of this package: the same methods, values and errors; one contract suite
 * (`packages/testing/src/contract`) runs over both, with a test for each sentence below.
 *
 * Of every method:
 * - The owner comes first. Nothing of another owner is seen, changed, counted or hinted at: what exists
 *   but is not the owner's is `forbidden`, what does not exist is `…_not_found`.
 * - What is returned is committed: another connection can read it.
 * - A `ChatkeepError` is the only error; when the database cannot be reached it is `unavailable`, never
 *   an empty result.
 * - Any JavaScript string and any JSON value given comes back equal.
 */
export interface History {
  /**
   * Gets or creates a conversation (see {@link ConversationInit}). Race-safe: any number of calls at once
   * with the same `id` or `scope` give one row, and exactly one of them says `created`.
   */
  createConversation(
    owner: Owner,
    init?: ConversationInit,
  ): Promise<{ readonly conversation: Conversation; readonly created: boolean }>;

  /** Reads a conversation. Errors: `conversation_not_found`, `forbidden`. */
  getConversation(owner: Owner, conversationId: string): Promise<Conversation>;

  /**
   * Lists the owner's conversations, most recently active first. Ordered by allocated numbers, so two
   * never tie; walking with `cursor` yields each at most once even while others become active.
   */
  listConversations(owner: Owner, query?: ConversationQuery): Promise<ConversationPage>;

  /** Renames, pins, archives or annotates; what the patch leaves out stays. It is no activity: the order stays. */
  updateConversation(owner: Owner, conversationId: string, patch: ConversationPatch): Promise<Conversation>;

  /**
   * Deletes a conversation with all that belongs to it: to everybody it is gone, but its owner can restore
   * it until the undo time is over and it is purged. A turn still running in it is stopped, and keeps all the
   * text that it has shown. A second delete is `conversation_not_found`.
   */
  deleteConversation(owner: Owner, conversationId: string): Promise<void>;

  /** Takes a deleted conversation back. Errors: `conflict` when it is not deleted. */
  restoreConversation(owner: Owner, conversationId: string): Promise<Conversation>;

  /** Lists the owner's deleted conversations that can be restored, by last activity. */
  listTrash(owner: Owner, query?: TrashQuery): Promise<TrashPage>;

  /**
   * Moves the conversations of an anonymous session to a user, all or none, with the turns that run in
   * them. Idempotent: what is claimed is the session's no more, so a second claim, by whomever, finds
   * nothing. A default conversation of a scope where the user has one stays beside it as an ordinary one.
   */
  claimSession(user: Owner, session: Owner): Promise<{ readonly claimed: number }>;

  /**
   * Yields all that is kept of the owner, whatever its size in constant memory: each conversation, archived
   * and deleted ones too, followed by its messages in order. Errors: `conflict` when something of it was cleared
   * or erased meanwhile; then there is no `end`.
   */
  exportData(owner: Owner): AsyncIterable<ExportLine>;

  /** Erases all that is kept of the owner, at once and for good, and says what it was. */
  eraseData(owner: Owner): Promise<ErasureReceipt>;

  /**
   * Appends messages, all or none, behind the head or behind `parent`; each follows the one before, and the last
   * becomes the head. They get the next numbers in the given order, without a gap, however
   * many callers append at once. A message whose `id` the conversation holds already is not stored again:
   * the stored one is returned in its place, or `idempotency_mismatch` if its role or body differs.
   * With `expectedHead`, it is `conflict` when the head is another message; a repeated call is none. Errors:
   * `message_not_found` for a parent that is not there.
   */
  appendMessages(
    owner: Owner,
    conversationId: string,
    messages: readonly MessageInput[],
    options?: AppendOptions,
  ): Promise<Message[]>;

  /**
   * Pages one branch by number: by default the head's, and its **latest** `limit` messages; oldest first inside the
   * page. The answer of a running turn is listed as far as it is committed, with status `streaming`. Errors:
   * `message_not_found` for a `leaf` that is not there.
   */
  listMessages(owner: Owner, conversationId: string, query?: MessageQuery): Promise<MessagePage>;

  /** Reads one message. Errors: `message_not_found`. */
  getMessage(owner: Owner, conversationId: string, messageId: string): Promise<Message>;

  /** Reads the versions of a message, itself among them, in the order of arrival. Errors: `message_not_found`. */
  listVersions(owner: Owner, conversationId: string, messageId: string): Promise<MessageVersion[]>;

  /**
   * Lets a conversation go on from the latest leaf below a message, or from that one itself where nothing follows it.
   * Nothing is stored or deleted, and it is no activity. An answer that is being given goes on in its own branch.
   * Errors: `message_not_found`.
   */
  setHead(owner: Owner, conversationId: string, messageId: string): Promise<Conversation>;

  /**
   * Makes a conversation of its own from what leads to a message, and that one: the same ids, roles, parts and
   * times, numbered from 1 on, in one transaction at any length. It refers to nothing of the old one, which stays as
   * it is. Errors: `message_not_found`, `turn_in_progress` when an answer in it is still being given.
   */
  forkConversation(
    owner: Owner,
    conversationId: string,
    messageId: string,
    options?: ForkOptions,
  ): Promise<Conversation>;

  /** Deletes one message: {@link History.deleteMessages}. */
  deleteMessage(owner: Owner, conversationId: string, messageId: string): Promise<void>;

  /**
   * Deletes messages, all or none: by their ids, or one with all that follows it in any version. Everything is
   * checked before anything is deleted. The others keep their numbers, and a number is given to no other; what
   * followed a deleted message follows the one before it. With a question its turn goes too. When the head goes, the
   * conversation goes on from the latest leaf below what is left before it. Errors: `message_not_found`, and
   * `turn_in_progress` for a question that is being answered and its answer.
   */
  deleteMessages(
    owner: Owner,
    conversationId: string,
    which: { readonly ids: readonly string[] } | { readonly from: string },
  ): Promise<{ readonly deleted: number }>;

  /**
   * Takes deleted messages back, all or none, to where they were; as long as a deleted conversation can be restored.
   * If the conversation went on from one of them, and from nowhere else since, it does so again; it goes on to the latest
   * that follow its head. Errors:
   * `message_not_found` for one that is not deleted or was cleared, `conflict` when another has its id by now.
   */
  restoreMessages(
    owner: Owner,
    conversationId: string,
    ids: readonly string[],
  ): Promise<{ readonly restored: number }>;

  /**
   * Deletes all messages of a conversation, in all branches, for good, and says how many there were; the conversation stays and its
   * numbers go on. A turn still running in it is stopped and cannot write into it again.
   */
  clearMessages(owner: Owner, conversationId: string): Promise<{ readonly deleted: number }>;

  /**
   * Finds messages by their words, best first, in the owner's own conversations. A message is found from
   * the moment it is stored until it is deleted or cleared; a running answer once it is settled. Errors: `forbidden` and
   * `conversation_not_found` when asked for one conversation.
   */
  searchMessages(owner: Owner, query: SearchQuery): Promise<SearchPage>;

  /**
   * What a responder would be given with this question: see {@link Context}. Never more tokens than its
   * budget, never a failed answer, a tool's result without its call, or a word of another conversation.
   */
  getContext(owner: Owner, conversationId: string, query?: ContextQuery): Promise<Context>;

  /**
   * Begins a turn: resolves when the question is committed, before the responder is called. The question follows the
   * head or `question.parent`; its answer becomes the head, and the responder is given what leads to it.
   *
   * - The same `question.id` with the same body attaches to the running turn or gives the settled one:
   *   stored once, answered once. With another body: `idempotency_mismatch`.
   * - With the role `tool` its parts are results of calls which the answer to the last question made and nobody
   *   answered yet, else it is `conflict`: the responder goes on with them.
   * - While another turn runs in the conversation: `turn_in_progress` with its `turnId`.
   * - Each event of the stream is committed before it is yielded here.
   */
  startTurn(
    owner: Owner,
    conversationId: string,
    question: Question,
    options?: { readonly signal?: AbortSignal },
  ): Promise<StartedTurn>;

  /**
   * Answers a stored question once more: the new answer is a version of the old one, and becomes the head. `messageId`
   * is the question, or an answer to it. The same `id`, which the new answer gets, attaches to the turn that it
   * began. Errors: `message_not_found`, `conflict` for what is neither, `turn_in_progress`.
   */
  regenerate(
    owner: Owner,
    conversationId: string,
    messageId: string,
    options?: { readonly id?: string | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<StartedTurn>;

  /**
   * Stores an answer that an outage kept from being saved, with its question, as it was shown; `token` is from the end of
   * its stream. A second time it stores nothing and gives the turn again. Errors: `invalid_request` for a token that no
   * server of this database signed, or not for this owner and conversation: ask the question again;
   * `turn_in_progress`, `idempotency_mismatch`.
   */
  importTurn(owner: Owner, conversationId: string, token: string): Promise<Turn>;

  /** Reads a turn with its question and its answer so far. Errors: `turn_not_found`. */
  getTurn(owner: Owner, conversationId: string, turnId: string): Promise<TurnState>;

  /**
   * Reads what the responder of a turn was given; `null` when that was not kept: answered in an outage, or by nobody.
   * Errors: `turn_not_found`.
   */
  getTurnContext(owner: Owner, conversationId: string, turnId: string): Promise<ContextRecord | null>;

  /**
   * Yields the events after `after`, each once and in order, until the turn is settled. Several readers
   * may follow at once, each from its own place. Errors: `events_expired` when a settled turn's events
   * are dropped (the stored message tells all).
   */
  followTurn(
    owner: Owner,
    conversationId: string,
    turnId: string,
    options?: FollowOptions,
  ): AsyncIterable<TurnEvent>;

  /**
   * Stops a running turn from wherever it runs. Resolves when it is settled, or after a second with the
   * turn still `running` when its node is slow or dead; the request is committed and takes effect then.
   * Text so far is kept with status `stopped`. Idempotent: a settled turn is returned as it is.
   */
  stopTurn(owner: Owner, conversationId: string, turnId: string): Promise<Turn>;

  /** Ends what this history holds open. Turns that it runs are settled first. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
