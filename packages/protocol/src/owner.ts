/**
 * Whom a conversation belongs to. The first argument of every operation of {@link History}.
 *
 * - `user`: somebody signed in; `id` is the subject, `issuer` the one who vouches for it (both as in a JWT).
 * - `session`: an anonymous browser; `id` is its secret UUID v4. It is a bearer secret: never log it, never put it in a URL.
 */
export type Owner =
  | { readonly kind: "user"; readonly id: string; readonly issuer?: string }
  | { readonly kind: "session"; readonly id: string };

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Whether `text` is a UUID v4 (RFC 9562), the only form in which a session id is taken. */
export function isSessionId(text: string): boolean {
  return UUID_V4.test(text);
}

/**
 * The `user_id` of the wire: the subject of a user, `null` for a session,
 * whose id is a secret and never leaves in an answer.
 */
export function userIdOf(owner: Owner): string | null {
  return owner.kind === "user" ? owner.id : null;
}
