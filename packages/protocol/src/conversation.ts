import type { JsonObject } from "./json.ts";

/** One thread of one owner. */
export interface Conversation {
  readonly id: string;
  /** The owner's subject; `null` for an anonymous session. */
  readonly userId: string | null;
  /** The opaque, stable key of the place it is about: a chapter, a page, a product. */
  readonly scope: string | null;
  /** What people read of the scope. */
  readonly scopeLabel: string | null;
  /** Whether it is the one that its owner gets when opening the scope. */
  readonly isDefault: boolean;
  /** A person's own title, else one made from the first question; `null` while nothing was said. */
  readonly title: string | null;
  readonly pinnedAt: string | null;
  readonly archivedAt: string | null;
  /** How many messages its branch holds. */
  readonly messageCount: number;
  /**
   * The last message of the branch that it goes on from: the messages that lead to it are listed, counted and sent to
   * the model. `null` while there is none.
   */
  readonly headId: string | null;
  /** The id of the turn that is running in it. */
  readonly runningTurn: string | null;
  /** The beginning of the latest message: at most 200 code points. */
  readonly preview: string | null;
  readonly metadata: JsonObject | null;
  /** ISO 8601, milliseconds, UTC. For people to read: nothing is ordered by it. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/**
 * What a caller gives of a new conversation.
 *
 * - with `id`: that conversation, or a new one under that id;
 * - without, with `scope`: the owner's default conversation there, got or created;
 * - with neither: a new one;
 * - `reuse: "latest"`: the one most recently active (within `scope`, if given) before a new one is made.
 */
export interface ConversationInit {
  /**
   * 1 to 128 printable ASCII characters without a space, but not `.` or `..`, which no path can carry. An id
   * that another owner's conversation has is `forbidden`.
   */
  readonly id?: string | undefined;
  readonly scope?: string | null | undefined;
  readonly scopeLabel?: string | null | undefined;
  readonly title?: string | null | undefined;
  readonly metadata?: JsonObject | null | undefined;
  readonly reuse?: "latest" | undefined;
}

/** What can be changed of a conversation; what is absent stays. */
export interface ConversationPatch {
  /** `null` resets it to the one made from the first question. */
  readonly title?: string | null | undefined;
  readonly pinned?: boolean | undefined;
  readonly archived?: boolean | undefined;
  readonly metadata?: JsonObject | null | undefined;
}

/** Which conversations to list, most recent activity first. */
export interface ConversationQuery {
  /** 1 to 100 (default 20). */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before; opaque. */
  readonly cursor?: string | undefined;
  /** How many to leave out; for clients that count pages. Rather use `cursor`. */
  readonly offset?: number | undefined;
  readonly scope?: string | undefined;
  /** `true`: only archived ones; `false` (default): only the others. */
  readonly archived?: boolean | undefined;
  /** `updatedAt` (default): by last activity; `createdAt`: by creation. Both by allocated numbers, not by clocks. */
  readonly sort?: "createdAt" | "updatedAt" | undefined;
  /** Default `desc`. */
  readonly order?: "asc" | "desc" | undefined;
}

/** What a fork is made with. */
export interface ForkOptions {
  /** As of {@link ConversationInit}; one that exists is `conflict`. Default a new one. */
  readonly id?: string | undefined;
  /** Default the title of the conversation that is forked. */
  readonly title?: string | null | undefined;
}

/** A page of conversations. */
export interface ConversationPage {
  readonly conversations: readonly Conversation[];
  /** How many there are in all with this `archived` (kept as a counter); `null` when asked for one `scope`. */
  readonly total: number | null;
  /** Gives the next page; `null` on the last. */
  readonly nextCursor: string | null;
}

/** Which deleted conversations to list. */
export interface TrashQuery {
  /** 1 to 100 (default 20). */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before; opaque. */
  readonly cursor?: string | undefined;
}

/** A conversation in the trash. */
export interface DeletedConversation extends Conversation {
  readonly deletedAt: string;
}

/** A page of the trash. */
export interface TrashPage {
  readonly conversations: readonly DeletedConversation[];
  /** Gives the next page; `null` on the last. */
  readonly nextCursor: string | null;
}
