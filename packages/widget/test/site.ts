/** The chapters of the site that the tests use. */
const CHAPTERS = {
  sensors: {
    scope: "chapter-3",
    label: "Sensors",
    words: "A sensor turns a quantity of the world into a signal.",
  },
  motors: { scope: "chapter-4", label: "Motors", words: "A motor turns a signal into movement, and heat." },
} as const;

/** Looks that a page may have and that must not get into the widget. */
const RUDE = `
  html { font-size: 8px; letter-spacing: 4px; text-transform: uppercase; }
  * { color: rgb(255, 0, 0) !important; font-family: cursive !important; box-sizing: content-box !important; }
  button, textarea, dialog, h2, p { display: none !important; transform: rotate(10deg) !important; }
  chatkeep-chat { line-height: 5; visibility: visible; }
`;

/** The strictest policy that a page of `server`'s visitors can have. */
function policyOf(server: string): string {
  const from = server === "" ? "'self'" : server;
  return [
    "default-src 'none'",
    `script-src ${from}`,
    "style-src 'self'",
    `connect-src ${from}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** Answers with a chapter of the site, at `/sensors` and `/motors`; `?rude` with bad manners, others are attributes of the widget. */
export function site(request: Request, server: string): Response | undefined {
  const { pathname, searchParams } = new URL(request.url);
  const chapter = CHAPTERS[pathname.slice(1) as keyof typeof CHAPTERS] as
    | (typeof CHAPTERS)[keyof typeof CHAPTERS]
    | undefined;
  if (pathname === "/rude.css") return new Response(RUDE, { headers: { "content-type": "text/css" } });
  if (chapter === undefined) return undefined;
  const rude = searchParams.has("rude") ? '<link rel="stylesheet" href="/rude.css">' : "";
  searchParams.delete("rude");
  const attributes = [...searchParams].map(([name, value]) => ` ${name}="${value}"`).join("");
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${chapter.label}</title>${rude}
<script type="module" src="${server}/widget.js"></script></head>
<body>
<main><h1>${chapter.label}</h1><p id="words">${chapter.words}</p><p><a href="/motors">Motors</a> <a href="/sensors">Sensors</a></p>
<button id="own">A button of the page</button></main>
<chatkeep-chat scope="${chapter.scope}" scope-label="${chapter.label}"${attributes}></chatkeep-chat>
</body>
</html>`;
  return new Response(html, {
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policyOf(server) },
  });
}
