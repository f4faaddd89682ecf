import { isIP } from "node:net";

/** Where a request comes from, as hono's Node adapter passes it along. */
export interface Socketed {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string | undefined } };
}

/**
 * The address that a request is counted under; `undefined` where it says nothing about who sent it.
 *
 * - With `proxies` in front (0: none), it is the one that the outermost of them wrote into
 *   `X-Forwarded-For`: the `proxies`-th from the right. What stands left of it anybody can make up.
 * - Without, it is the socket's. This machine's own is no one's: it is a proxy that was not told of, and all
 *   the world would share its limits.
 * - IPv6 is counted by /64, the least that one household is given.
 */
export function addressOf(request: Request, socketed: Socketed, proxies: number): string | undefined {
  const socket = socketed.incoming?.socket?.remoteAddress;
  if (proxies === 0) return socket === undefined || isLoopback(socket) ? undefined : networkOf(socket);
  const forwarded = (request.headers.get("x-forwarded-for") ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const address = forwarded.at(-proxies);
  return address === undefined ? undefined : networkOf(address);
}

function isLoopback(address: string): boolean {
  return /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/i.test(address);
}

function networkOf(text: string): string | undefined {
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
