import { makeServerKey, mintToken } from "@chatkeep/server";

import type { Environment } from "./environment.ts";
import { StartError } from "./start-error.ts";

/** `chatkeep token`: a token of a user for trying out, as the host's own login would make it. */
export async function makeToken(
  { identity }: Environment,
  { user, expires = "1h" }: { readonly user?: string | undefined; readonly expires?: string | undefined },
): Promise<string> {
  const { tokenKey, issuer, audience } = identity;
  if (user === undefined || user === "") throw new StartError("Say for whom: chatkeep token --user <id>.");
  if (tokenKey === undefined || !("secret" in tokenKey)) {
    throw new StartError(
      "A token can be made where CHATKEEP_JWT_SECRET is set; with CHATKEEP_JWKS_URL only the issuer makes them.",
    );
  }
  if (!/^\d+ ?(s|m|h|d|w|y|seconds?|minutes?|hours?|days?|weeks?|years?)$/i.test(expires)) {
    throw new StartError(`--expires is a time such as 30m, 1h or 7d, not "${expires}".`);
  }
  return mintToken({ secret: tokenKey.secret, user, issuer, audience, expires });
}

/** `chatkeep key`: a new server key, with the entry of CHATKEEP_API_KEYS that lets it in. */
export function makeKey({ name = "backend" }: { readonly name?: string | undefined }): string {
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw new StartError("A key's name has 1 to 64 letters, digits, dots, dashes and underscores.");
  }
  const { key, hash } = makeServerKey();
  return `key    ${key}\nentry  ${name}:${hash}\n\nGive the key to the back end; it is not shown again. Add the entry to CHATKEEP_API_KEYS.`;
}
