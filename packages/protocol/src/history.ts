import type { Context, ContextQuery, ContextRecord } from "./context.ts";
import type {
  Conversation,
  ConversationChange,
  ConversationInit,
  ConversationOutcome,
  ConversationPage,
  ConversationPatch,
  ForkOptions,
  ConversationQuery,
  Tag,
  TrashPage,
  TrashQuery,
} from "./conversation.ts";
import type { Feedback } from "./feedback.ts";
import type { FileBytes, FileInit, FilePage, FileQuery, FileRange, StoredFile } from "./file.ts";
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
import type { Shares } from "./share.ts";
import type {
  FollowOptions,
  Question,
  QueuedQuestion,
  StartedTurn,
  Turn,
  TurnEvent,
  TurnState,
} from "./turn.ts";
import type { OwnerUsage, UsageQuery } from "./usage.ts";

/**
 * Conversation memory. `createHistory({ pool })` of `@chatkeep/core` and `createClient({ baseUrl })` of this package
 * implement it with equal methods, values and errors. One contract suite (`packages/testing/src/contract`) tests each
 * sentence below on both.
 *
 * Every method:
 * - takes the owner first, and never reads, changes, counts or reveals another owner's data. Another owner's
 *   conversation is `forbidden`; one that does not exist is `conversation_not_found`.
 * - returns committed data, which another connection can read.
 * - throws `ChatkeepError` only. While the database is unreachable it throws `unavailable` and never returns an empty
 *   result.
 * - stores any JavaScript string and any JSON value and returns it equal.
 */
export interface History extends Shares {
  /**
   * Gets or creates a conversation (see {@link ConversationInit}). Concurrent
   * calls with the same `id` or `scope` create one row; exactly one call returns `created: true`.
   */
  createConversation(
    owner: Owner,
    init?: ConversationInit,
  ): Promise<{ readonly conversation: Conversation; readonly created: boolean }>;

  /** Reads a conversation. Errors: `conversation_not_found`, `forbidden`. */
  getConversation(owner: Owner, conversationId: string): Promise<Conversation>;

  /**
   * Lists the owner's conversations, most recently active first. The order uses allocated numbers, so no
   * two tie. Paging with `cursor` returns each conversation at most once, even while others become active.
   */
  listConversations(owner: Owner, query?: ConversationQuery): Promise<ConversationPage>;

  /** Renames, pins, archives or annotates. Absent fields keep their values. The list's order does not change. */
  updateConversation(owner: Owner, conversationId: string, patch: ConversationPatch): Promise<Conversation>;

  /**
   * Moves a conversation with all its data to the trash. Its owner can restore it until the undo time ends and it is
   * purged. A running turn is stopped and keeps all text that was shown. Deleting it again is `conversation_not_found`.
   */
  deleteConversation(owner: Owner, conversationId: string): Promise<void>;

  /** Restores a deleted conversation. Errors: `conflict` when it is not deleted. */
  restoreConversation(owner: Owner, conversationId: string): Promise<Conversation>;

  /** Lists the owner's deleted conversations that can be restored, by last activity. */
  listTrash(owner: Owner, query?: TrashQuery): Promise<TrashPage>;

  /**
   * Changes 1 to 100 conversations in one transaction, and returns a result for each, in the given order. An error of one
   * does not stop the others: `conversation_not_found`, `forbidden`, or `conflict` for a conversation that is not in the
   * trash or has 50 tags. Adding a tag twice, or removing a missing one, is no error.
   */
  changeConversations(
    owner: Owner,
    conversationIds: readonly string[],
    change: ConversationChange,
  ): Promise<readonly ConversationOutcome[]>;

  /** Lists the tags of the owner's conversations that are not deleted, by name. */
  listTags(owner: Owner): Promise<readonly Tag[]>;

  /**
   * Moves all conversations of an anonymous session to a user, with their running turns, in one transaction.
   * Idempotent: a second claim finds nothing. Where the user already has the default conversation of a scope, the
   * session's becomes an ordinary one.
   */
  claimSession(user: Owner, session: Owner): Promise<{ readonly claimed: number }>;

  /**
   * Yields all of the owner's data in constant memory: each conversation, archived and deleted ones included, followed
   * by its messages in order. Errors: `conflict` when something was cleared or erased during the export; the export
   * then has no `end` line.
   */
  exportData(owner: Owner): AsyncIterable<ExportLine>;

  /** Permanently erases all of the owner's data and returns what was erased. There is no undo. */
  eraseData(owner: Owner): Promise<ErasureReceipt>;

  /**
   * Appends messages after the head or after `parent`, all or none. Each follows the one before it; the last becomes
   * the head. They get the next numbers in the given order, without gaps, under any concurrency. A message whose `id`
   * the conversation already holds is not stored again: the call returns the stored message, or throws
   * `idempotency_mismatch` if the role or body differs. With `expectedHead`, another head is a `conflict`; a retry is
   * not. Errors: `message_not_found` when the parent does not exist; `payload_too_large` for several messages with more
   * than 500,000 characters of text in all.
   */
  appendMessages(
    owner: Owner,
    conversationId: string,
    messages: readonly MessageInput[],
    options?: AppendOptions,
  ): Promise<Message[]>;

  /**
   * Pages one branch by `seq`, oldest first within the page. Default: the **latest** `limit` messages of the head's
   * branch; with `branches: "all"`, of the whole tree. A running turn's answer is listed with status `streaming` and its
   * committed text. Errors: `message_not_found` when `leaf` does not exist.
   */
  listMessages(owner: Owner, conversationId: string, query?: MessageQuery): Promise<MessagePage>;

  /** Reads one message. Errors: `message_not_found`. */
  getMessage(owner: Owner, conversationId: string, messageId: string): Promise<Message>;

  /** Lists the versions of a message, this one included, in order of arrival. Errors: `message_not_found`. */
  listVersions(owner: Owner, conversationId: string, messageId: string): Promise<MessageVersion[]>;

  /**
   * Sets the owner's feedback on an answer, and replaces earlier feedback; `null` removes it. Each version of an answer has
   * its own, and a fork has none. `updatedAt` and the place in the list stay. Idempotent. Errors: `message_not_found`;
   * `conflict` for a message that is no answer.
   */
  setFeedback(
    owner: Owner,
    conversationId: string,
    messageId: string,
    feedback: Feedback | null,
  ): Promise<void>;

  /**
   * Sets the head to the latest leaf below a message, or to the message itself when nothing follows it. Stores and
   * deletes nothing and does not reorder the list. A running answer continues in its own branch. Errors:
   * `message_not_found`.
   */
  setHead(owner: Owner, conversationId: string, messageId: string): Promise<Conversation>;

  /**
   * Copies a message and everything that leads to it into a new conversation, in one transaction at any length. Ids,
   * roles, parts and times are kept; numbers start at 1. The original does not change, and the copy does not refer to
   * it. Errors: `message_not_found`; `turn_in_progress` when an answer in that branch is still running.
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
   * Deletes messages, all or none: by their ids, or one message with everything that follows it in any version. All
   * checks come before any change. Other messages keep their numbers, and no number is reused. A message that followed
   * a deleted one now follows the one before it. Deleting a question deletes its turn. When the head is deleted, the
   * head becomes the latest leaf below the nearest remaining message before it. Errors: `message_not_found`;
   * `turn_in_progress` for a question that is being answered, and for that answer.
   */
  deleteMessages(
    owner: Owner,
    conversationId: string,
    which: { readonly ids: readonly string[] } | { readonly from: string },
  ): Promise<{ readonly deleted: number }>;

  /**
   * Restores deleted messages to their places, all or none, within the undo time of deleted conversations. A head that
   * was among them becomes the head again unless the head has moved since. Errors: `message_not_found` for a message
   * that is not deleted or was cleared; `conflict` when another message now has its id.
   */
  restoreMessages(
    owner: Owner,
    conversationId: string,
    ids: readonly string[],
  ): Promise<{ readonly restored: number }>;

  /**
   * Permanently deletes all messages of a conversation in all branches. The conversation stays, and its numbering
   * continues. Queued questions are deleted. A running turn is stopped and cannot write again.
   */
  clearMessages(owner: Owner, conversationId: string): Promise<{ readonly deleted: number }>;

  /**
   * Searches the owner's messages and titles, best match first. A title is found as it is when the search begins. A message can be found as soon as it is stored and until it is
   * deleted or cleared; an answer once its turn is settled. Errors: `forbidden` and `conversation_not_found` when the
   * query names a conversation.
   */
  searchMessages(owner: Owner, query: SearchQuery): Promise<SearchPage>;

  /**
   * Builds the context that a responder would get with this question; see {@link Context}. It fits its token budget and
   * never holds a failed answer, a tool result without its call, or text of another conversation.
   */
  getContext(owner: Owner, conversationId: string, query?: ContextQuery): Promise<Context>;

  /**
   * Begins a turn. Resolves when the question is committed, before the responder is called. The question follows the
   * head or `question.parent`; its answer becomes the head. The responder gets the messages that lead to the question.
   *
   * - A retry with the same `question.id` and body attaches to the running turn or returns the settled one: the
   *   question is stored once and answered once. With another body: `idempotency_mismatch`.
   * - A question with the role `tool` holds results of calls that the last answer of its branch left open, and the
   *   responder continues with them. Results that leave other calls of a waiting turn open are stored, and that turn is
   *   returned: the responder continues when the last is told. Results of other calls are a `conflict`. With a single part `step` it continues the
   *   last answer, however that ended: the responder gets that answer's question, and what was said in `answer`.
   * - A new question of an owner whose budget is used up is `rate_limited` and not stored; `retryAfter` is when the budget
   *   is renewed.
   * - While another turn runs in the conversation: `turn_in_progress` with its `turnId`; or, as `question.whenBusy` says,
   *   the question is queued: the turn is `queued`, and its events begin when it does. A retry with its id stores nothing
   *   again. At most 20 questions wait, with 1,000,000 characters in all; more are `turn_in_progress`. While a turn waits
   *   for a person, they wait too. Stopping an answer or deleting the conversation holds its questions. A question
   *   whose parent is deleted, or whose owner has used up a budget, cannot begin and is held too. Readers of a held
   *   question get `conflict`.
   * - Each event is committed before the stream yields it.
   */
  startTurn(
    owner: Owner,
    conversationId: string,
    question: Question,
    options?: { readonly signal?: AbortSignal },
  ): Promise<StartedTurn>;

  /** Lists the questions that wait in a conversation, in the order in which they will be asked. */
  listQueuedQuestions(owner: Owner, conversationId: string): Promise<QueuedQuestion[]>;

  /** Deletes a question from the queue. Errors: `message_not_found` if its turn has begun or it was deleted. */
  deleteQueuedQuestion(owner: Owner, conversationId: string, messageId: string): Promise<void>;

  /**
   * Answers a stored question again. The new answer is a version beside the old one and becomes the head. `messageId`
   * names the question or an answer to it; `id` becomes the new answer's id, and a retry with it attaches to the same
   * turn. Errors: `message_not_found`; `conflict` for a message of another kind; `turn_in_progress`.
   */
  regenerate(
    owner: Owner,
    conversationId: string,
    messageId: string,
    options?: { readonly id?: string | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<StartedTurn>;

  /**
   * Stores an answer that an outage left unsaved, with its question, exactly as it was shown. `token` comes from the end
   * of its stream. A retry stores nothing and returns the turn. Errors: `invalid_request` for a token that no server of
   * this database signed for this owner and conversation (ask the question again); `turn_in_progress`;
   * `idempotency_mismatch`.
   */
  importTurn(owner: Owner, conversationId: string, token: string): Promise<Turn>;

  /** Reads a turn with its question and its answer so far. Errors: `turn_not_found`. */
  getTurn(owner: Owner, conversationId: string, turnId: string): Promise<TurnState>;

  /**
   * Reads the context that a turn's responder got. `null` for a turn that was answered during an outage or not at all.
   * Errors: `turn_not_found`.
   */
  getTurnContext(owner: Owner, conversationId: string, turnId: string): Promise<ContextRecord | null>;

  /**
   * Yields the events after `after`, each once and in order, until the turn is settled. Any number of readers can
   * follow at once, each from its own position. Errors: `events_expired` when a settled turn's events have been dropped,
   * or a failover of the database lost some; read the stored message instead.
   */
  followTurn(
    owner: Owner,
    conversationId: string,
    turnId: string,
    options?: FollowOptions,
  ): AsyncIterable<TurnEvent>;

  /**
   * Stops a running turn on any node. Resolves when the turn is settled, or after one second with the turn still
   * `running` when its node is slow or dead; the stop request is committed and takes effect later. The text so far is
   * kept with status `stopped`. Idempotent: a settled turn is returned unchanged.
   */
  stopTurn(owner: Owner, conversationId: string, turnId: string): Promise<Turn>;

  /**
   * Stores a file. Resolves when all its bytes are committed; until then, and when it fails, nobody can read it. A file
   * that no message refers to is deleted after a day. Errors: `payload_too_large`; `quota_exceeded` when the owner's
   * files would be too large together.
   */
  putFile(owner: Owner, file: FileInit, bytes: FileBytes): Promise<StoredFile>;

  /** Reads what is known of a file. Errors: `file_not_found`, also for another owner's file. */
  getFile(owner: Owner, fileId: string): Promise<StoredFile>;

  /** Lists the owner's files. Errors: `file_not_found` when there is no file `after`. */
  listFiles(owner: Owner, query?: FileQuery): Promise<FilePage>;

  /**
   * Yields a file's bytes, or a range of them, in pieces. Each piece is read when it is asked for. Errors:
   * `file_not_found`, also for another owner's file.
   */
  readFile(owner: Owner, fileId: string, range?: FileRange): AsyncIterable<Uint8Array>;

  /** Permanently deletes a file. Messages that refer to it stay. Errors: `file_not_found`. */
  deleteFile(owner: Owner, fileId: string): Promise<void>;

  /**
   * Reads the owner's usage by day and model, and their budgets. An answer is counted once, with all its attempts, in the
   * transaction that stores it. The count stays when the answer is deleted; a claim moves the counts. Imported messages are
   * not counted.
   */
  getUsage(owner: Owner, query?: UsageQuery): Promise<OwnerUsage>;

  /** Settles the turns that this history runs, then closes everything it holds open. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
