import type { Docs, DocumentText } from "@chatkeep/agent";

/** Itself and nothing else: no inline script or style, and no text that becomes script. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; require-trusted-types-for 'script'";

/**
 * The docs' plain pages: the first document at `/`, each document under the address that its citations lead to. All
 * that a page needs for its assistant is two lines.
 */
export function createDocsPages(docs: Docs): (request: Request) => Promise<Response | undefined> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    const documents = await docs.documents();
    const document = documents.find(
      ({ url }, index) => url === pathname || (pathname === "/" && index === 0),
    );
    const text = document === undefined ? null : await docs.document(document.path);
    if (text === null) return undefined;
    const links = documents.map(
      ({ url, title }) =>
        `<li><a href="${h(url)}"${url === text.url ? ' aria-current="page"' : ""}>${h(title)}</a></li>`,
    );
    const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${h(text.title)} · A small book of gardening</title>
    <link rel="stylesheet" href="/site.css">
    <script type="module" src="/widget.js"></script>
  </head>
  <body>
    <nav aria-label="Documents"><ol>${links.join("")}</ol></nav>
    <main>${bodyOf(text)}</main>
    <chatkeep-chat scope="${h(text.slug)}" scope-label="${h(text.title)}"></chatkeep-chat>
  </body>
</html>
`;
    return new Response(html, {
      headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY },
    });
  };
}

/** The headings and paragraphs that the documents consist of, with the anchors that citations lead to. */
function bodyOf({ markdown, sections }: DocumentText): string {
  const anchors = new Map(sections.map(({ title, anchor }) => [title, anchor]));
  return markdown
    .trim()
    .split(/\n\n+/)
    .map((block) => {
      const [, signs, title] = /^(#+) (.*)$/.exec(block) ?? [];
      if (signs === undefined || title === undefined) return `<p>${h(block)}</p>`;
      return `<h${signs.length} id="${h(anchors.get(title) ?? "top")}">${h(title)}</h${signs.length}>`;
    })
    .join("\n");
}

function h(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
