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
}

/** A file to store. */
export interface FileInit {
  readonly mediaType: string;
  readonly name?: string | null | undefined;
}

/** The bytes of a file. An iterable is read as fast as it is stored and is never held whole. */
export type FileBytes = Uint8Array | Blob | AsyncIterable<Uint8Array>;

/** Bytes of a file: from `start` (default 0) up to and without `end` (default its size). */
export interface FileRange {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}
