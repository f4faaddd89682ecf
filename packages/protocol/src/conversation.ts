import type { ErrorCode } from "./errors.ts";
import type { JsonObject } from "./json.ts";

/** One thread of one owner. */
export interface Conversation {
  readonly id: string;
  /** The owner's subject; `null` for an anonymous session. */
  readonly userId: string | null;
  /** An opaque, stable key of the place that it is about: a chapter, a page, a product. */
  readonly scope: string | null;
  /** The scope's name for people. */
  readonly scopeLabel: string | null;
  /** Whether this is the owner's default conversation of the scope. At most one is. */
  readonly isDefault: boolean;
  /** The title that a person gave, else one made from the first question; `null` while there are no messages. */
  readonly title: string | null;
  readonly pinnedAt: string | null;
  readonly archivedAt: string | null;
  /** The number of messages in the head's branch. */
  readonly messageCount: number;
  /**
   * The message that the conversation continues from. Only the messages that lead to it are listed, counted and sent to
   * the model. `null` while there are no messages.
   */
  readonly headId: string | null;
  /** The id of the running turn. */
  readonly runningTurn: string | null;
  /** The id of the turn that waits for a person: for an approval, or for the result of a client's tool. */
  readonly waitingTurn: string | null;
  /** The first 200 code points at most of the latest message. */
  readonly preview: string | null;
  readonly metadata: JsonObject | null;
  /** In the order in which they were added. A folder is a tag. */
  readonly tags: readonly string[];
  /** When a temporary conversation is deleted for good; `null` for all others. */
  readonly expiresAt: string | null;
  /** ISO 8601, milliseconds, UTC. For display only: nothing is ordered by it. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A session's conversation without messages, in no scope and without a title. */
export function emptyConversation(id: string, createdAt: string): Conversation {
  return {
    id,
    userId: null,
    scope: null,
    scopeLabel: null,
    isDefault: false,
    title: null,
    pinnedAt: null,
    archivedAt: null,
    messageCount: 0,
    headId: null,
    runningTurn: null,
    waitingTurn: null,
    preview: null,
    metadata: null,
    tags: [],
    expiresAt: null,
    createdAt,
    updatedAt: createdAt,
  };
}

/**
 * Which conversation to get or create:
 *
 * - with `id`: the conversation with this id, created if it does not exist;
 * - with `scope` only: the owner's default conversation of the scope, created if it does not exist;
 * - with neither: a new conversation;
 * - with `reuse: "latest"`: the most recently active one (within `scope`, if given), created if there is none.
 */
export interface ConversationInit {
  /**
   * 1 to 128 printable ASCII characters without a space, but not `.` or `..`, which no URL path can carry. Another
   * owner's id is `forbidden`.
   */
  readonly id?: string | undefined;
  readonly scope?: string | null | undefined;
  readonly scopeLabel?: string | null | undefined;
  readonly title?: string | null | undefined;
  readonly metadata?: JsonObject | null | undefined;
  /** At most 50, each of 1 to 100 characters. */
  readonly tags?: readonly string[] | undefined;
  /**
   * A new conversation that is in no list, no trash and no search of several, counts for no limit, and is deleted for good
   * after a set time (default a day). It is not the default of its `scope`, and `reuse` finds none.
   */
  readonly temporary?: boolean | undefined;
  readonly reuse?: "latest" | undefined;
  /**
   * When it was begun elsewhere, as an ISO 8601 instant; over HTTP it needs a server key. Until something is said in it
   * here, it is listed below the others, by the `createdAt` of its last message.
   */
  readonly createdAt?: string | null | undefined;
}

/** Changes to a conversation. Absent fields keep their values. */
export interface ConversationPatch {
  /** `null` resets it to the title made from the first question. */
  readonly title?: string | null | undefined;
  readonly pinned?: boolean | undefined;
  readonly archived?: boolean | undefined;
  readonly metadata?: JsonObject | null | undefined;
  /** All of its tags. To add or remove one, use `History.changeConversations`. */
  readonly tags?: readonly string[] | undefined;
}

/** Something to do to many conversations. */
export type ConversationChange =
  | { readonly action: "archive" | "unarchive" | "delete" | "restore" }
  | { readonly action: "tag" | "untag"; readonly tag: string };

/** The result of a change to one conversation. */
export interface ConversationOutcome {
  readonly id: string;
  /** The error that left the conversation unchanged; `null` if it was changed. */
  readonly error: ErrorCode | null;
}

/** A tag of an owner. */
export interface Tag {
  readonly tag: string;
  /** How many conversations have it, archived ones included. */
  readonly conversations: number;
}

/** Which conversations to list, most recent activity first. */
export interface ConversationQuery {
  /** 1 to 100 (default 20). */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the previous page; opaque. */
  readonly cursor?: string | undefined;
  /** How many to skip, for clients that count pages. Prefer `cursor`. */
  readonly offset?: number | undefined;
  readonly scope?: string | undefined;
  /** Only those with this tag. */
  readonly tag?: string | undefined;
  /** Only those whose metadata contains each of these keys with an equal value, also within nested objects. */
  readonly metadata?: JsonObject | undefined;
  /** `true`: archived ones only; `false` (default): all others. */
  readonly archived?: boolean | undefined;
  /** `true`: only those whose last answer waits for a person, by last activity, latest first. */
  readonly waiting?: boolean | undefined;
  /** `updatedAt` (default): by last activity; `createdAt`: by creation. Both by allocated numbers, not by clocks. */
  readonly sort?: "createdAt" | "updatedAt" | undefined;
  /** Default `desc`. */
  readonly order?: "asc" | "desc" | undefined;
}

/** Options of `History.forkConversation`. */
export interface ForkOptions {
  /** As in {@link ConversationInit}, but an existing id is a `conflict`. Default: a new UUID. */
  readonly id?: string | undefined;
  /** Default: the original's title. */
  readonly title?: string | null | undefined;
}

/** A page of conversations. */
export interface ConversationPage {
  readonly conversations: readonly Conversation[];
  /** The number of all conversations with this `archived`, from a counter; `null` when the query has another filter. */
  readonly total: number | null;
  /** The cursor of the next page; `null` on the last page. */
  readonly nextCursor: string | null;
}

/** Which deleted conversations to list. */
export interface TrashQuery {
  /** 1 to 100 (default 20). */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the previous page; opaque. */
  readonly cursor?: string | undefined;
}

/** A conversation in the trash. */
export interface DeletedConversation extends Conversation {
  readonly deletedAt: string;
}

/** A page of the trash. */
export interface TrashPage {
  readonly conversations: readonly DeletedConversation[];
  /** The cursor of the next page; `null` on the last page. */
  readonly nextCursor: string | null;
}
