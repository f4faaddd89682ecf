/** The functions of `sql/book`; see `FUNCTIONS`. */
export const BOOK_FUNCTIONS = {
  book_chapters: {
    args: { of_book: "text" },
    returns: { book_chapters: "json" },
  },
  book_chapter: {
    args: { of_book: "text", at_path: "text" },
    returns: { book_chapter: "json" },
  },
  book_versions: {
    args: { of_book: "text", at_path: "text" },
    returns: { book_versions: "json" },
  },
  book_put_chapters: {
    args: {
      of_book: "text",
      paths: "text[]",
      positions: "integer[]",
      titles: "text[]",
      hashes: "text[]",
      sources: "text[]",
      passage_chapters: "integer[]",
      passage_sections: "text[]",
      passage_anchors: "text[]",
      passage_contexts: "text[]",
      passage_texts: "text[]",
    },
    returns: { book_put_chapters: "integer" },
  },
  book_remove_chapters: {
    args: { of_book: "text", kept: "text[]" },
    returns: { book_remove_chapters: "integer" },
  },
  book_search: {
    args: {
      of_book: "text",
      question: "text",
      background: "text",
      preferred: "text",
      only_path: "text",
      page_limit: "integer",
    },
    returns: { book_search: "json" },
  },
  book_score: {
    args: { of_book: "text", question: "text", background: "text", texts: "text[]" },
    returns: { book_score: "json" },
  },
} as const;
