import {
  type PgColumn,
  type PgViewWithSelection,
  bigint,
  boolean,
  date,
  doublePrecision,
  json,
  numeric,
  pgSchema,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";

/** A row of the view `conversations`. */
export interface ConversationRow {
  ownerId: string;
  id: string;
  ownerKind: "user" | "session";
  scope: string | null;
  scopeLabel: string | null;
  isDefault: boolean;
  title: string | null;
  preview: string | null;
  messageCount: number;
  pinnedAt: Date | null;
  archivedAt: Date | null;
  metadata: unknown;
  createdAt: Date;
  updatedAt: Date;
  tags: string[];
  expiresAt: Date | null;
}

/** A row of the view `messages`. */
export interface MessageRow {
  ownerId: string;
  conversationId: string;
  seq: number;
  id: string;
  branch: number;
  isCurrent: boolean;
  role: "system" | "user" | "assistant" | "tool";
  status: "complete" | "streaming" | "stopped" | "interrupted" | "failed";
  content: string;
  parts: unknown;
  turnId: string | null;
  model: string | null;
  usage: unknown;
  errorCode: string | null;
  metadata: unknown;
  createdAt: Date;
  updatedAt: Date;
}

/** A row of the view `turns`. */
export interface TurnRow {
  ownerId: string;
  id: string;
  conversationId: string;
  messageId: string;
  replyId: string;
  status: "running" | "waiting" | "complete" | "stopped" | "interrupted" | "failed";
  errorCode: string | null;
  createdAt: Date;
  settledAt: Date | null;
}

/** A row of the view `usage`. */
export interface UsageRow {
  ownerId: string;
  conversationId: string;
  messageId: string;
  turnId: string | null;
  model: string | null;
  inputTokens: number | null;
  outputTokens: number | null;
  totalTokens: number | null;
  cost: number | null;
  createdAt: Date;
  cachedTokens: number | null;
  reasoningTokens: number | null;
}

/** A row of the view `feedback`. */
export interface FeedbackRow {
  ownerId: string;
  conversationId: string;
  messageId: string;
  turnId: string | null;
  model: string | null;
  rating: "up" | "down" | null;
  comment: string | null;
  givenAt: Date;
}

/** A row of the view `usage_days`. */
export interface UsageDayRow {
  ownerId: string;
  /** `YYYY-MM-DD`, in UTC. */
  day: string;
  model: string;
  answers: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  totalTokens: number;
  cost: number;
}

type Field<Table extends string, Name extends string, Data> = PgColumn<{
  name: Name;
  tableName: Table;
  dataType: "custom";
  columnType: string;
  data: NonNullable<Data>;
  driverParam: unknown;
  notNull: null extends Data ? false : true;
  hasDefault: false;
  isPrimaryKey: false;
  isAutoincrement: false;
  hasRuntimeDefault: false;
  enumValues: undefined;
}>;

/** A view with these columns, for Drizzle's queries. */
export type View<Name extends string, Row> = PgViewWithSelection<
  Name,
  true,
  { [K in keyof Row & string]: Field<Name, K, Row[K]> }
>;

/** The views of one install. */
export interface Views {
  readonly conversations: View<"conversations", ConversationRow>;
  readonly messages: View<"messages", MessageRow>;
  readonly turns: View<"turns", TurnRow>;
  readonly usage: View<"usage", UsageRow>;
  readonly feedback: View<"feedback", FeedbackRow>;
  readonly usageDays: View<"usage_days", UsageDayRow>;
}

/**
 * The views in a schema of this name, for Drizzle. They are marked as existing: drizzle-kit never creates, changes or
 * drops them.
 */
export function defineViews(schema = "chatkeep_views"): Views {
  const views = pgSchema(schema);
  const instant = (name: string) => timestamp(name, { withTimezone: true });
  const count = (name: string) => bigint(name, { mode: "number" });
  const sum = (name: string) => numeric(name, { mode: "number" });
  const all = {
    conversations: views
      .view("conversations", {
        ownerId: uuid("owner_id").notNull(),
        id: text("id").notNull(),
        ownerKind: text("owner_kind").notNull(),
        scope: text("scope"),
        scopeLabel: text("scope_label"),
        isDefault: boolean("is_default").notNull(),
        title: text("title"),
        preview: text("preview"),
        messageCount: count("message_count").notNull(),
        pinnedAt: instant("pinned_at"),
        archivedAt: instant("archived_at"),
        metadata: json("metadata"),
        createdAt: instant("created_at").notNull(),
        updatedAt: instant("updated_at").notNull(),
        tags: text("tags").array().notNull(),
        expiresAt: instant("expires_at"),
      })
      .existing(),
    messages: views
      .view("messages", {
        ownerId: uuid("owner_id").notNull(),
        conversationId: text("conversation_id").notNull(),
        seq: count("seq").notNull(),
        id: text("id").notNull(),
        branch: count("branch").notNull(),
        isCurrent: boolean("is_current").notNull(),
        role: text("role").notNull(),
        status: text("status").notNull(),
        content: text("content").notNull(),
        parts: json("parts"),
        turnId: uuid("turn_id"),
        model: text("model"),
        usage: json("usage"),
        errorCode: text("error_code"),
        metadata: json("metadata"),
        createdAt: instant("created_at").notNull(),
        updatedAt: instant("updated_at").notNull(),
      })
      .existing(),
    turns: views
      .view("turns", {
        ownerId: uuid("owner_id").notNull(),
        id: uuid("id").notNull(),
        conversationId: text("conversation_id").notNull(),
        messageId: text("message_id").notNull(),
        replyId: text("reply_id").notNull(),
        status: text("status").notNull(),
        errorCode: text("error_code"),
        createdAt: instant("created_at").notNull(),
        settledAt: instant("settled_at"),
      })
      .existing(),
    usage: views
      .view("usage", {
        ownerId: uuid("owner_id").notNull(),
        conversationId: text("conversation_id").notNull(),
        messageId: text("message_id").notNull(),
        turnId: uuid("turn_id"),
        model: text("model"),
        inputTokens: doublePrecision("input_tokens"),
        outputTokens: doublePrecision("output_tokens"),
        totalTokens: doublePrecision("total_tokens"),
        cost: doublePrecision("cost"),
        createdAt: instant("created_at").notNull(),
        cachedTokens: doublePrecision("cached_tokens"),
        reasoningTokens: doublePrecision("reasoning_tokens"),
      })
      .existing(),
    feedback: views
      .view("feedback", {
        ownerId: uuid("owner_id").notNull(),
        conversationId: text("conversation_id").notNull(),
        messageId: text("message_id").notNull(),
        turnId: uuid("turn_id"),
        model: text("model"),
        rating: text("rating"),
        comment: text("comment"),
        givenAt: instant("given_at").notNull(),
      })
      .existing(),
    usageDays: views
      .view("usage_days", {
        ownerId: uuid("owner_id").notNull(),
        day: date("day", { mode: "string" }).notNull(),
        model: text("model").notNull(),
        answers: sum("answers").notNull(),
        inputTokens: sum("input_tokens").notNull(),
        cachedTokens: sum("cached_tokens").notNull(),
        outputTokens: sum("output_tokens").notNull(),
        reasoningTokens: sum("reasoning_tokens").notNull(),
        totalTokens: sum("total_tokens").notNull(),
        cost: sum("cost").notNull(),
      })
      .existing(),
  };
  // The declared types are those above: the ones that Drizzle infers cannot be written down.
  return all as unknown as Views;
}

const views = defineViews();

/** Conversations, without those in the trash. */
export const conversations: Views["conversations"] = views.conversations;
/** Messages of all branches; `isCurrent` tells those that people see. */
export const messages: Views["messages"] = views.messages;
/** Turns: one question and everything that the responder says to it. */
export const turns: Views["turns"] = views.turns;
/** Tokens and cost of each answer. */
export const usage: Views["usage"] = views.usage;
/** Feedback on answers. */
export const feedback: Views["feedback"] = views.feedback;
/** Tokens and cost by owner, day and model. */
export const usageDays: Views["usageDays"] = views.usageDays;
