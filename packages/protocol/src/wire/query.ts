/**
 * Escapes a text for a query string. UTF-8 cannot hold lone surrogates: each becomes U+FDD0 (a noncharacter) and four hex
 * digits, and so does U+FDD0 itself. Reversible for any JavaScript string.
 */
const MARK = "\ufdd0";
const NOT_UTF8 = /\ufdd0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const MARKED = /\ufdd0([0-9a-f]{4})/g;

export function queryTextToWire(text: string): string {
  return text.replace(NOT_UTF8, (unit) => MARK + unit.charCodeAt(0).toString(16).padStart(4, "0"));
}

export function queryTextFromWire(text: string): string {
  return text.replace(MARKED, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
