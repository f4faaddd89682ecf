/**
 * What stands behind `Bearer` in the `Authorization` header (RFC 6750); `undefined` for no header and for
 * other schemes, as a proxy's own `Basic`.
 */
export function bearerOf(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  return header === null ? undefined : /^bearer +(.*)$/i.exec(header)?.[1]?.trim();
}
