/**
 * Pages load nothing from other sites, no inline script or style, and no script from a string. Source: Content Security
 * Policy Level 3, Trusted Types.
 */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** A page of the server. All of it but `title` is HTML. */
export interface Page {
  readonly title: string;
  /** What stands in the bar at the top, beside the link to the app. */
  readonly bar: string;
  /** The label of the contents. */
  readonly label: string;
  readonly contents: string;
  readonly main: string;
}

/** Sends a page, which needs no script. Its style sheet is `/pages.css`. */
export function pageResponse({ title, bar, label, contents, main }: Page): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="/pages.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="bar"><a href="/">Chatkeep</a>${bar}</header>
<div class="columns">
<nav aria-label="${label}">
${contents}
</nav>
<main id="main">
${main}
</main>
</div>
</body>
</html>
`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "content-security-policy": PAGE_POLICY,
    },
  });
}

/** Escapes text for the content of an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
