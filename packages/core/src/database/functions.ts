import { BOOK_FUNCTIONS } from "./book-functions.ts";
import { VECTOR_FUNCTIONS } from "./vector-functions.ts";

/** The functions of an owner, of turns, and of the engine; see {@link FUNCTIONS}. */
const HISTORY_FUNCTIONS = {
  create_conversation: {
    args: {
      owner: "uuid",
      owner_kind: "text",
      id: "text",
      by_id: "boolean",
      scope: "text",
      scope_label: "text",
      title: "text",
      metadata: "json",
      reuse_latest: "boolean",
      most: "bigint",
      hide_others: "boolean",
    },
    returns: { created: "boolean", conversation: "json" },
  },
  get_conversation: {
    args: { owner: "uuid", conversation: "text" },
    returns: { get_conversation: "json" },
  },
  list_conversations: {
    args: {
      owner: "uuid",
      only_archived: "boolean",
      only_scope: "text",
      sort_by: "text",
      ascending: "boolean",
      after_no: "bigint",
      page_offset: "integer",
      page_limit: "integer",
    },
    returns: { total: "bigint", conversations: "json" },
  },
  update_conversation: {
    args: {
      owner: "uuid",
      conversation: "text",
      fields: "text[]",
      new_title: "text",
      question_title: "text",
      new_pinned: "boolean",
      new_archived: "boolean",
      new_metadata: "json",
    },
    returns: { update_conversation: "json" },
  },
  first_question: {
    args: { owner: "uuid", conversation: "text" },
    returns: { first_question: "json" },
  },
  delete_conversation: {
    args: { owner: "uuid", conversation: "text" },
    returns: { delete_conversation: "void" },
  },
  append_messages: {
    args: {
      owner: "uuid",
      conversation: "text",
      ids: "text[]",
      roles: "text[]",
      bodies: "json[]",
      context_texts: "text[]",
      intents: "text[]",
      processed_flags: "boolean[]",
      models: "text[]",
      usages: "json[]",
      metadatas: "json[]",
      word_texts: "text[]",
      new_title: "text",
      new_preview: "text",
    },
    returns: { message: "json" },
  },
  replace_messages: {
    args: {
      owner: "uuid",
      conversation: "text",
      replaced: "text[]",
      ids: "text[]",
      roles: "text[]",
      bodies: "json[]",
      context_texts: "text[]",
      intents: "text[]",
      processed_flags: "boolean[]",
      models: "text[]",
      usages: "json[]",
      metadatas: "json[]",
      word_texts: "text[]",
      new_title: "text",
      new_preview: "text",
    },
    returns: { message: "json" },
  },
  page_messages: {
    args: {
      owner: "uuid",
      conversation: "text",
      before_seq: "bigint",
      after_seq: "bigint",
      page_offset: "bigint",
      page_limit: "integer",
    },
    returns: { total: "bigint", first_seq: "bigint", running_turn: "uuid", messages: "json" },
  },
  get_message: {
    args: { owner: "uuid", conversation: "text", message_id: "text" },
    returns: { get_message: "json" },
  },
  delete_messages: {
    args: {
      owner: "uuid",
      conversation: "text",
      ids: "text[]",
      earlier_id: "text",
      earlier_preview: "text",
    },
    returns: { delete_messages: "bigint" },
  },
  create_handle: {
    args: { owner: "uuid", conversation: "text", hash: "text" },
    returns: { create_handle: "void" },
  },
  find_handle: {
    args: { owner: "uuid", hash: "text" },
    returns: { conversation_id: "text", active: "boolean" },
  },
  end_handle: { args: { owner: "uuid", hash: "text" }, returns: { end_handle: "void" } },
  name_sending: {
    args: {
      owner: "uuid",
      owner_kind: "text",
      digest: "text",
      id: "uuid",
      attempt: "integer",
      waited: "interval",
      memory: "interval",
    },
    returns: { name_sending: "uuid" },
  },
  clear_messages: {
    args: { owner: "uuid", conversation: "text" },
    returns: { clear_messages: "bigint" },
  },
  restore_conversation: {
    args: { owner: "uuid", conversation: "text" },
    returns: { restore_conversation: "json" },
  },
  list_trash: {
    args: { owner: "uuid", before_no: "bigint", page_limit: "integer" },
    returns: { list_trash: "json" },
  },
  export_conversations: {
    args: { owner: "uuid", after_no: "bigint", page_limit: "integer" },
    returns: { export_conversations: "json" },
  },
  export_messages: {
    args: { owner: "uuid", conversation: "text", after_seq: "bigint", page_limit: "integer" },
    returns: { export_messages: "json" },
  },
  hide_owner: { args: { owner: "uuid" }, returns: { hide_owner: "void" } },
  erase_some: {
    args: { owner: "uuid", page_limit: "integer" },
    returns: { conversations_erased: "integer", messages_erased: "integer", turns_erased: "integer" },
  },
  erase_owner: {
    args: { owner: "uuid", actor: "text", receipt: "json" },
    returns: { erase_owner: "void" },
  },
  record_audit: {
    args: { owner: "uuid", actor: "text", action: "text", details: "json" },
    returns: { record_audit: "void" },
  },
  claim_session: {
    args: { owner: "uuid", session: "uuid", actor: "text" },
    returns: { claim_session: "bigint" },
  },
  purge_some: {
    args: { undo: "interval", session_idle: "interval", page_limit: "integer" },
    returns: { purge_some: "boolean" },
  },
  spend_points: {
    args: { limit_keys: "text[]", spent: "integer[]", windows_ms: "integer[]" },
    returns: { limit_key: "text", points: "integer", left_ms: "bigint" },
  },
  forget_points: { args: {}, returns: { forget_points: "bigint" } },
  holds_messages: {
    args: { owner: "uuid", conversation: "text", ids: "text[]" },
    returns: { holds_messages: "boolean" },
  },
  begin_turn: {
    args: {
      owner: "uuid",
      conversation: "text",
      node: "bigint",
      lease: "interval",
      turn_id: "uuid",
      message_id: "text",
      reply_id: "text",
      role: "text",
      body: "json",
      context_text: "text",
      metadata: "json",
      word_text: "text",
      start_chunk: "json",
      new_title: "text",
      new_preview: "text",
      context_limit: "integer",
    },
    returns: {
      outcome: "text",
      turn: "json",
      conversation_row: "json",
      question: "json",
      history: "json",
      summary: "json",
    },
  },
  record_turn: {
    args: {
      owner: "uuid",
      conversation: "text",
      turn_id: "uuid",
      message_id: "text",
      reply_id: "text",
      body: "json",
      context_text: "text",
      metadata: "json",
      reply_status: "text",
      reply_body: "json",
      reply_error: "json",
      word_text: "text",
      reply_word_text: "text",
      new_title: "text",
      new_preview: "text",
    },
    returns: { outcome: "text", turn: "json" },
  },
  receipt_key: { args: {}, returns: { receipt_key: "text" } },
  settle_turn: {
    args: {
      owner: "uuid",
      conversation: "text",
      turn_id: "uuid",
      node: "bigint",
      new_status: "text",
      body: "json",
      new_intent: "text",
      new_processed: "boolean",
      new_model: "text",
      new_usage: "json",
      new_error: "json",
      event_seqs: "integer[]",
      event_chunks: "json[]",
      word_text: "text",
      new_preview: "text",
    },
    returns: { settle_turn: "boolean" },
  },
  get_turn: {
    args: { owner: "uuid", conversation: "text", turn_id: "uuid" },
    returns: { turn: "json", question: "json", reply: "json" },
  },
  read_events: {
    args: {
      owner: "uuid",
      conversation: "text",
      turn_id: "uuid",
      after_seq: "integer",
      page_limit: "integer",
    },
    returns: { status: "text", last_event: "integer", events: "json" },
  },
  stop_turn: {
    args: { owner: "uuid", conversation: "text", turn_id: "uuid" },
    returns: { stop_turn: "json" },
  },
  recalled_messages: {
    args: { owner: "uuid", conversation: "text", seqs: "bigint[]" },
    returns: { recalled_messages: "json" },
  },
  messages_at: {
    args: { owner: "uuid", conversations: "text[]", seqs: "bigint[]" },
    returns: { messages_at: "json" },
  },
  recall_words: {
    args: { owner: "uuid", conversation: "text", forms: "text[]", below_seq: "bigint", most: "integer" },
    returns: { recall_words: "json" },
  },
  search_words: {
    args: {
      owner: "uuid",
      query: "text",
      only_conversation: "text",
      only_scope: "text",
      page_offset: "integer",
      page_limit: "integer",
    },
    returns: { search_words: "json" },
  },
  unindexed_conversation: { args: {}, returns: { owner_id: "uuid", conversation_id: "text" } },
  unindexed_messages: {
    args: { owner: "uuid", conversation: "text", page_limit: "integer" },
    returns: { messages: "json", next_below: "bigint" },
  },
  put_missing_words: {
    args: {
      owner: "uuid",
      conversation: "text",
      seqs: "bigint[]",
      word_texts: "text[]",
      next_below: "bigint",
    },
    returns: { put_missing_words: "void" },
  },
  get_context: {
    args: { owner: "uuid", conversation: "text", context_limit: "integer" },
    returns: { summary: "json", history: "json" },
  },
  begin_summary: {
    args: { owner: "uuid", conversation: "text", upper_seq: "bigint", fewest: "integer", most: "integer" },
    returns: { summary: "json", to_seq: "bigint", messages: "json" },
  },
  end_summary: {
    args: { owner: "uuid", conversation: "text", upper_seq: "bigint", new_body: "text" },
    returns: { end_summary: "void" },
  },
  entitle_conversation: {
    args: { owner: "uuid", conversation: "text", new_title: "text" },
    returns: { entitle_conversation: "void" },
  },
  record_context: {
    args: { owner: "uuid", turn_id: "uuid", context: "json" },
    returns: { record_context: "void" },
  },
  get_turn_context: {
    args: { owner: "uuid", conversation: "text", turn_id: "uuid" },
    returns: { get_turn_context: "json" },
  },
  register_node: {
    args: { lease: "interval" },
    returns: { register_node: "bigint" },
  },
  write_events: {
    args: {
      node: "bigint",
      lease: "interval",
      turn_ids: "uuid[]",
      seqs: "integer[]",
      chunks: "json[]",
    },
    returns: { state: "text", turn_id: "uuid" },
  },
  find_turn: {
    args: { node: "bigint", turn_id: "uuid" },
    returns: { owner_id: "uuid", conversation_id: "text" },
  },
  release_node: {
    args: { node: "bigint" },
    returns: { release_node: "void" },
  },
  stray_turns: {
    args: { node: "bigint", known: "uuid[]" },
    returns: { owner_id: "uuid", conversation_id: "text", turn_id: "uuid" },
  },
  take_over_turns: {
    args: { page_limit: "integer" },
    returns: { owner_id: "uuid", conversation_id: "text", turn_id: "uuid" },
  },
  rotate_events: {
    args: { grace: "interval" },
    returns: { rotate_events: "boolean" },
  },
  overview: {
    args: { settled_within: "interval" },
    returns: { overview: "json" },
  },
} as const;

/**
 * Every SQL function of this release: its arguments in order and the columns it returns, by their
 * PostgreSQL types. A test compares this table with `pg_proc`; the types of every call derive from it.
 */
export const FUNCTIONS: typeof HISTORY_FUNCTIONS & typeof VECTOR_FUNCTIONS & typeof BOOK_FUNCTIONS = {
  ...HISTORY_FUNCTIONS,
  ...VECTOR_FUNCTIONS,
  ...BOOK_FUNCTIONS,
};

/** A PostgreSQL type that a function takes or returns. */
export type SqlType =
  | "uuid"
  | "text"
  | "boolean"
  | "integer"
  | "bigint"
  | "interval"
  | "json"
  | "void"
  | "uuid[]"
  | "text[]"
  | "boolean[]"
  | "integer[]"
  | "bigint[]"
  | "json[]";

/** The shape of an entry of {@link FUNCTIONS}. */
export interface SqlFunction {
  readonly args: Readonly<Record<string, SqlType>>;
  readonly returns: Readonly<Record<string, SqlType>>;
}

/** The name of a function of this release. */
export type FunctionName = keyof typeof FUNCTIONS;
