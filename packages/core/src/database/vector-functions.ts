/** The functions of vectors, of messages and of passages; see `FUNCTIONS`. Without pgvector they find and keep nothing. */
export const VECTOR_FUNCTIONS = {
  begin_embedding: { args: { model: "text" }, returns: { begin_embedding: "integer" } },
  claim_message_vectors: {
    args: { number: "integer", lease: "interval", page_limit: "integer" },
    returns: { claimed: "json", wait_ms: "bigint" },
  },
  put_message_vectors: {
    args: {
      owner: "uuid",
      number: "integer",
      conversations: "text[]",
      seqs: "bigint[]",
      vectors: "text[]",
    },
    returns: { put_message_vectors: "void" },
  },
  postpone_message_vectors: {
    args: { owner: "uuid", conversations: "text[]", seqs: "bigint[]", pause_ms: "bigint" },
    returns: { postpone_message_vectors: "void" },
  },
  near_messages: {
    args: {
      owner: "uuid",
      model: "text",
      vector: "text",
      only_conversation: "text",
      only_scope: "text",
      below_seq: "bigint",
      page_limit: "integer",
    },
    returns: { near_messages: "json" },
  },
  claim_passage_vectors: {
    args: { number: "integer", lease: "interval", page_limit: "integer" },
    returns: { claimed: "json", wait_ms: "bigint" },
  },
  put_passage_vectors: {
    args: {
      number: "integer",
      books: "text[]",
      paths: "text[]",
      positions: "integer[]",
      vectors: "text[]",
    },
    returns: { put_passage_vectors: "void" },
  },
  postpone_passage_vectors: {
    args: { books: "text[]", paths: "text[]", positions: "integer[]", pause_ms: "bigint" },
    returns: { postpone_passage_vectors: "void" },
  },
  book_near: {
    args: {
      of_book: "text",
      model: "text",
      vector: "text",
      only_path: "text",
      page_limit: "integer",
    },
    returns: { book_near: "json" },
  },
} as const;
