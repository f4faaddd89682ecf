import { type Book, createBook, createBookResponder } from "@chatkeep/agent";
import { type ConnectionPool, type Embedding, createBookStore } from "@chatkeep/core";
import type { Responder } from "@chatkeep/protocol";
import type { Chapters, Log } from "@chatkeep/server";

/** What {@link openBook} takes. */
export interface BookOptions {
  readonly pool: ConnectionPool;
  readonly schema: string;
  /** The folder of Markdown. */
  readonly folder: string;
  /** Finds passages by their meaning too. Default: by words alone. */
  readonly embedding?: Embedding | undefined;
  readonly log: Log;
}

/** The book of this server. */
export interface OpenBook extends Chapters {
  /** The book itself, for responders that rest on it. */
  readonly book: Book;
  /** Answers from the book, without a key and without a network. */
  readonly responder: Responder;
  /** Brings the stored book up to the folder. */
  ingest(): Promise<void>;
  close(): void;
}

/** The book in a folder; nothing is read before {@link OpenBook.ingest}. */
export function openBook({ pool, schema, folder, embedding, log }: BookOptions): OpenBook {
  const store = createBookStore({
    pool,
    schema,
    embedding,
    onError: (error) => log.warn({ err: error }, "the book is searched by words alone"),
  });
  const book = createBook({ store, folder, log: { warn: (message) => log.warn({ folder }, message) } });
  return {
    book,
    responder: createBookResponder({ book }),
    chapters: () => book.chapters(),
    chapter: (path) => book.chapter(path),
    former: (path) => book.former(path),
    openCitation: (cited) => book.openCitation(cited),
    async ingest() {
      const began = performance.now();
      const { chapters, changed, removed } = await book.ingest();
      log.info({ chapters, changed, removed, ms: Math.round(performance.now() - began) }, "read the book");
    },
    close: () => store.close(),
  };
}
