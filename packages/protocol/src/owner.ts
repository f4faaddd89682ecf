/**
 * The owner of a conversation, and the first argument of every method of {@link History}.
 *
 * - `user`: a signed-in user. `id` is the subject and `issuer` the issuer of their token, as in a JWT.
 * - `session`: an anonymous browser. `id` is its secret UUID v4, a bearer secret: never log it, never put it in a URL.
 */
export type Owner =
  | { readonly kind: "user"; readonly id: string; readonly issuer?: string }
  | { readonly kind: "session"; readonly id: string };

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Whether `text` is a UUID v4 (RFC 9562), the only accepted form of a session id. */
export function isSessionId(text: string): boolean {
  return UUID_V4.test(text);
}

/**
 * The `user_id` on the wire: a user's subject; `null` for a session, whose id is a secret.
 */
export function userIdOf(owner: Owner): string | null {
  return owner.kind === "user" ? owner.id : null;
}
