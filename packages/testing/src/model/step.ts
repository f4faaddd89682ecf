/** A piece of what the model sends. A bare string is text, sent as one chunk. */
export type ModelStep =
  | string
  | { readonly type: "reasoning"; readonly text: string }
  /** Calls made at once; their arguments are sent in pieces of eight characters, in turn. */
  | { readonly type: "calls"; readonly calls: readonly ModelCall[] }
  /** An error object in the middle of the stream. */
  | { readonly type: "error"; readonly message: string }
  /** A `data:` line as it is, for chunks that nobody can read. */
  | { readonly type: "raw"; readonly data: string }
  /** The connection is destroyed. */
  | { readonly type: "cut" }
  /** Nothing more is sent, and the connection stays open until the client or `close` ends it. */
  | { readonly type: "hang" };

/** A tool call of the model; `arguments` is sent as it is, valid JSON or not. */
export interface ModelCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}
