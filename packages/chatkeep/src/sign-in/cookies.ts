/** A cookie of a reply. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** How long the browser keeps it; 0 removes it. */
  readonly seconds: number;
  /** Whether scripts of the page may read it. */
  readonly readers: "server" | "page";
}

/** The value of a cookie of a request. */
export function readCookie(request: Request, name: string): string | undefined {
  const pairs = (request.headers.get("cookie") ?? "").split(/; */);
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** A `Set-Cookie` header. With `SameSite=Lax`, other sites' requests do not carry the cookie, except links to the page. */
export function writeCookie({ name, value, seconds, readers }: Cookie, secure: boolean): string {
  return [
    `${name}=${value}`,
    "Path=/",
    `Max-Age=${seconds}`,
    "SameSite=Lax",
    ...(readers === "server" ? ["HttpOnly"] : []),
    ...(secure ? ["Secure"] : []),
  ].join("; ");
}
