import { isIP } from "node:net";

/** Where a request comes from, as hono's Node adapter passes it along. */
export interface Socketed {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string | undefined } };
}

/**
 * The address that a request is counted under; `undefined` only where neither a socket nor a header tells one.
 *
 * - With `proxies` in front (0: none), it is the one that the outermost of them wrote into
 *   `X-Forwarded-For`: the `proxies`-th from the right. What stands left of it anybody can make up.
 * - Without, or where that entry is missing or no address, it is the socket's: who leaves the header out or breaks
 *   it is counted all the same.
 * - IPv6 is counted by /64, the least that one household is given.
 */
export function addressOf(request: Request, socketed: Socketed, proxies: number): string | undefined {
  const forwarded = (request.headers.get(FORWARDED) ?? "").split(",").map((entry) => entry.trim());
  const written = proxies === 0 ? undefined : forwarded.filter((entry) => entry !== "").at(-proxies);
  const socket = socketed.incoming?.socket?.remoteAddress;
  return networkOf(written) ?? networkOf(socket);
}

/** Whether a request came through a proxy that no setting tells of. */
export function isProxyUntold(request: Request, proxies: number): boolean {
  return proxies === 0 && (request.headers.has(FORWARDED) || request.headers.has("forwarded"));
}

const FORWARDED = "x-forwarded-for";

function networkOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // Some proxies write a port: 192.0.2.1:1234, [2001:db8::1]:1234.
  const bare = /^\[(.+)\](:\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6) return undefined;
  // The URL standard writes an address in one way only.
  const [head = "", tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => "0");
  return `${[...left, ...gap, ...right].slice(0, 4).join(":")}::/64`;
}
