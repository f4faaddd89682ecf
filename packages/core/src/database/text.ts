/**
 * PostgreSQL's text holds neither NUL nor lone surrogates. They, and the mark itself, are written as
 * U+FDD0 (a noncharacter, set aside for internal use) and four hex digits; every other string is stored
 * as it is. Reversible for any JavaScript string. JSON columns need none of this: JSON escapes
 * such units itself.
 */
const MARK = "\ufdd0";
const UNSTORABLE = /[\0\ufdd0]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const MARKED = /\ufdd0([0-9a-f]{4})/g;

/** The form in which `text` is stored. */
export function escapeText(text: string): string {
  return text.replace(UNSTORABLE, (unit) => MARK + unit.charCodeAt(0).toString(16).padStart(4, "0"));
}

/** The reverse of {@link escapeText}. */
export function unescapeText(stored: string): string {
  if (!stored.includes(MARK)) return stored;
  return stored.replace(MARKED, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
