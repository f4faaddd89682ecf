/** The connection of a request, as hono's Node adapter passes it along. Other hosts pass none. */
export interface Connection {
  /** The path below the mount that is served, in place of the request's own. */
  readonly path?: string;
  readonly incoming?: {
    readonly httpVersion?: string;
    readonly socket?: { readonly remoteAddress?: string | undefined };
    /** The body, where a host's middleware has read it, such as `express.json()`. */
    readonly body?: unknown;
    readonly readableEnded?: boolean;
  };
  readonly outgoing?: {
    destroy(): unknown;
    readonly socket?: { cork(): void; uncork(): void } | null;
  };
}
