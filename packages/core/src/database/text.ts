/**
 * Escapes text for PostgreSQL, which can hold neither NUL nor lone surrogates. Each becomes U+FDD0 (a noncharacter for
 * internal use) and four hex digits, and so does U+FDD0 itself. Reversible for any JavaScript string. JSON columns do not
 * need it: JSON escapes such units.
 */
const MARK = "\ufdd0";
const UNSTORABLE = /[\0\ufdd0]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const MARKED = /\ufdd0([0-9a-f]{4})/g;

export function escapeText(text: string): string {
  return text.replace(UNSTORABLE, (unit) => MARK + unit.charCodeAt(0).toString(16).padStart(4, "0"));
}

/** The reverse of {@link escapeText}. */
export function unescapeText(stored: string): string {
  if (!stored.includes(MARK)) return stored;
  return stored.replace(MARKED, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
