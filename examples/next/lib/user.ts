import { createHmac, timingSafeEqual } from "node:crypto";

import { cookies } from "next/headers";

const COOKIE = "user";

/** `name.signature`. */
function signed(name: string): string {
  const secret = process.env["APP_SECRET"];
  if (secret === undefined) throw new TypeError("Set APP_SECRET to a long random text.");
  return `${name}.${createHmac("sha256", secret).update(name).digest("base64url")}`;
}

/** Signs somebody in, in a server action. Your own login: this one believes everybody. */
export async function signIn(name: string): Promise<void> {
  const options = { httpOnly: true, sameSite: "lax", path: "/" } as const;
  (await cookies()).set(COOKIE, signed(encodeURIComponent(name)), options);
}

/** Who is signed in; `undefined` without a cookie, or with one that this app did not sign. */
export async function signedInUser(): Promise<string | undefined> {
  const cookie = (await cookies()).get(COOKIE)?.value;
  if (cookie === undefined) return undefined;
  const name = cookie.slice(0, cookie.lastIndexOf("."));
  const [ours, given] = [Buffer.from(signed(name)), Buffer.from(cookie)];
  return ours.length === given.length && timingSafeEqual(ours, given) ? decodeURIComponent(name) : undefined;
}
