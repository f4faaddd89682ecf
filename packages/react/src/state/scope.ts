/** The place that a conversation is about. */
export interface Scope {
  /** Opaque and stable; never an address or a heading, which change. */
  readonly id: string;
  /** What people read of it; default nothing. */
  readonly label?: string | null | undefined;
}

/**
 * Where a thread comes from: `stored` in the history, as far as is known; `new`, made by this page and created with its
 * first question; or the one that a `scope` opens with, which is looked for, and got or created with its first question.
 */
export type Origin =
  | { readonly kind: "stored" | "new"; readonly scope?: Scope | null | undefined }
  | { readonly kind: "scope"; readonly scope: Scope };
