/** A stored file of an owner. */
export interface StoredFile {
  readonly id: string;
  readonly name: string | null;
  /** The media type that its sender gave, e.g. `image/png`. Not checked against the bytes. */
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  /** The SHA-256 of the bytes in hexadecimal digits. */
  readonly sha256: string;
  /** ISO 8601, milliseconds, UTC. */
  readonly createdAt: string;
  /** For what a client of OpenAI's stored it. */
  readonly purpose?: string;
}

/** A file to store. */
export interface FileInit {
  readonly mediaType: string;
  readonly name?: string | null | undefined;
  /** A file with a purpose is kept until it is deleted, others while a message refers to them. Read after the last byte. */
  readonly purpose?: string | undefined;
}

/** A page of files. */
export interface FileQuery {
  /** The id of the last file of the page before. */
  readonly after?: string | undefined;
  /** Default 100, at most 1,000. */
  readonly limit?: number | undefined;
  /** By the time of their creation. Default `desc`: the newest first. */
  readonly order?: "asc" | "desc" | undefined;
  /** Only files with this purpose. */
  readonly purpose?: string | undefined;
}

/** Files of a person. */
export interface FilePage {
  readonly files: readonly StoredFile[];
  readonly hasMore: boolean;
}

/** The bytes of a file. An iterable is read as fast as it is stored and is never held whole. */
export type FileBytes = Uint8Array | Blob | AsyncIterable<Uint8Array>;

/** Bytes of a file: from `start` (default 0) up to and without `end` (default its size). */
export interface FileRange {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}
