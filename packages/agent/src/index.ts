export { createBook } from "./book.ts";
export type { Book, BookChapter, BookChapterText, BookOptions, BookSearch } from "./book.ts";
export type { Ingested } from "./book/ingest.ts";
export { createBookResponder } from "./book/responder.ts";
export type { BookResponderOptions } from "./book/responder.ts";
export { createModelResponder } from "./model.ts";
export type { ModelResponderOptions } from "./model.ts";
