import { type Docs, createDocs, createDocsResponder } from "@chatkeep/agent";
import { type ConnectionPool, type Embedding, createDocsStore } from "@chatkeep/core";
import type { Responder } from "@chatkeep/protocol";
import type { Documents, Log } from "@chatkeep/server";

export interface DocsOptions {
  readonly pool: ConnectionPool;
  readonly databaseTimeout?: number | undefined;
  readonly schema: string;
  /** The folder of Markdown. */
  readonly folder: string;
  /** Finds passages by their meaning too. Default: by words alone. */
  readonly embedding?: Embedding | undefined;
  readonly log: Log;
}

/** The docs of this server. */
export interface OpenDocs extends Documents {
  /** The docs itself, for responders that rest on it. */
  readonly docs: Docs;
  /** Answers from the docs, without a key and without a network. */
  readonly responder: Responder;
  /** Brings the stored docs up to the folder. */
  ingest(): Promise<void>;
  close(): void;
}

/** The docs in a folder; nothing is read before {@link OpenDocs.ingest}. */
export function openDocs({ pool, databaseTimeout, schema, folder, embedding, log }: DocsOptions): OpenDocs {
  const store = createDocsStore({
    pool,
    databaseTimeout,
    schema,
    embedding,
    onError: (error) => log.warn({ err: error }, "the docs are searched by words alone"),
  });
  const docs = createDocs({ store, folder, log: { warn: (message) => log.warn({ folder }, message) } });
  return {
    docs,
    responder: createDocsResponder({ docs }),
    documents: () => docs.documents(),
    document: (path) => docs.document(path),
    former: (path) => docs.former(path),
    openCitation: (cited) => docs.openCitation(cited),
    async ingest() {
      const began = performance.now();
      const { documents, changed, removed } = await docs.ingest();
      log.info({ documents, changed, removed, ms: Math.round(performance.now() - began) }, "read the docs");
    },
    close: () => store.close(),
  };
}
