/** The schemes that are ever made links. Anything else, `javascript:` and `data:` among them, stays text. */
const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/**
 * An address that is safe to be a link, or `null`. Relative addresses are; the browser's own parser decides about
 * the scheme, so spaces, control characters and capitals hide nothing from it.
 */
export function safeAddress(address: string): string | null {
  let url: URL;
  try {
    url = new URL(address, "https://relative.invalid/");
  } catch {
    return null;
  }
  return SCHEMES.has(url.protocol) ? address : null;
}

/** Whether the address leads to another origin than the page's: it has a scheme or a host of its own. */
export function isForeign(address: string): boolean {
  const url = new URL(address, "https://relative.invalid/");
  return url.host !== "relative.invalid";
}
