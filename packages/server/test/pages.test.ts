import { startServer } from "@chatkeep/testing/server";
import { expect, test } from "vitest";

const documents = [
  { path: "intro.md", title: "Introduction", url: "/documents/intro.md" },
  { path: "deep/more & more.md", title: "More & <more>", url: "/documents/deep/more%20%26%20more.md" },
];
const markdown = `# Introduction

First words, with <script>alert(1)</script> and <b onclick="x()">raw HTML</b>.

## What it \`is\` {#what}

[a](javascript:alert(1)) [b](data:text/html,x) [c](https://example.org/?a=1&b=2) [d](deep/more.md#x)
![picture](javascript:alert(2)) ![photo](photo.png "title")

\`\`\`ts
const a = "<script>";
\`\`\`

<img src=x onerror=alert(1)>

### <i>Odd</i> & "quoted"
`;
const sections = [
  { title: "What it is", anchor: "what", depth: 2 },
  { title: 'Odd & "quoted"', anchor: 'odd--"quoted"', depth: 3 },
];

const { send, refused, url } = await startServer({
  docs: {
    documents: async () => documents,
    document: async (path) => {
      const found = documents.find((document) => document.path === path);
      return found === undefined ? null : { ...found, markdown, sections };
    },
    former: async (path) =>
      path === "gone.md" || path === "intro.md"
        ? {
            path,
            title: "Before <it>",
            url: `/documents/${path}`,
            markdown: "## What it was {#what}\n\nThe old words, <b>raw</b>.",
            sections: [{ title: "What it was", anchor: "what", depth: 2 }],
            until: "2026-11-02T10:00:00.000Z",
          }
        : null,
    openCitation: ({ path, quote }) =>
      Promise.resolve({
        status: "current",
        changedAt: null,
        present: true,
        document: path,
        passage: quote,
        quote,
      }),
  },
});

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

test("a citation is opened by its quote", async () => {
  const body = { path: "intro.md", quote: "Words." };
  const response = await send("/api/documents/citations", {
    method: "POST",
    body,
    session: crypto.randomUUID(),
  });
  expect(await response.json()).toMatchObject({ status: "current", changed_at: null, passage: "Words." });
});

test("addresses from before documents had their name lead to where they are now", async () => {
  for (const [path, moved] of [
    ["/book", "/documents"],
    ["/book/deep/more%20%26%20more.md?a=b", "/documents/deep/more%20%26%20more.md?a=b"],
  ] as const) {
    const response = await fetch(url + path, { redirect: "manual" });
    expect({ status: response.status, location: response.headers.get("location") }).toEqual({
      status: 308,
      location: moved,
    });
  }
});

test("a document that is gone is shown as it was, where its citations point, with the day it went", async () => {
  const response = await send("/documents/gone.md");
  expect(response.status).toBe(200);
  const html = await response.text();
  expect(html).toContain("Before &#60;it&#62;</h1>");
  expect(html).toMatch(/no longer have this document\. This is what it said until <time [^>]*>2026-11-02</);
  expect(html).toMatch(/<h2[^>]* id="what"/);
  expect(html).toContain("The old words");
  expect((await send("/documents/never.md")).status).toBe(404);
});

test("a document that has changed says when, and what it said before, without its anchors", async () => {
  const html = await (await send("/documents/intro.md")).text();
  expect(html).toMatch(/<details[^>]*><summary>Changed on <time [^>]*>2026-11-02</);
  expect(html).toContain("The old words");
  expect(html.match(/ id="what"/g)).toHaveLength(1);
  expect(await (await send("/documents/deep/more%20%26%20more.md")).text()).not.toContain("<details");
});

test.each(["/docs", "/documents", "/documents/intro.md", "/documents/gone.md"])(
  "%s needs nothing that its policy forbids",
  async (path) => {
    const response = await send(path);
    expect(response.headers.get("content-security-policy")).toBe(POLICY);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await response.text();
    expect(html).not.toMatch(/<script|<style|<img|<iframe|<[^>]* (style|src|on\w+)=/i);
    expect(html).not.toMatch(/href="(?!\/|#|https:\/\/example\.org|deep\/|photo\.png)/);
    expect(html).toContain('<link rel="stylesheet" href="/pages.css">');
  },
);

test("the style sheet loads nothing from elsewhere", async () => {
  const response = await send("/pages.css");
  expect(response.headers.get("content-type")).toBe("text/css; charset=utf-8");
  expect(await response.text()).not.toMatch(/@import|url\(/);
});

test("the API's page shows every operation and links only to what it has", async () => {
  const html = await (await send("/docs")).text();
  for (const id of ["createConversation", "startTurn", "followTurn", "health", "schema-Message"]) {
    expect(html).toContain(`id="${id}"`);
  }
  const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});

test("a document is shown with the anchors that citations name, its raw HTML as text, no link that runs a script", async () => {
  const html = await (await send("/documents/intro.md")).text();
  expect(html).toContain("<h1>Introduction</h1>");
  expect(html.match(/<h1>/g)).toHaveLength(1);
  expect(html).toContain('<h2 id="what"><a href="#what">What it <code>is</code></a></h2>');
  expect(html).toContain('id="odd--&#34;quoted&#34;"');
  expect(html).toContain("&#60;script&#62;alert(1)&#60;/script&#62;");
  expect(html).toContain('<a href="https://example.org/?a=1&#38;b=2">c</a>');
  expect(html).toContain('<a href="deep/more.md#x">d</a>');
  expect(html).toContain('<a href="photo.png">photo</a>');
  expect(html).not.toMatch(/href="(javascript|data):/i);
  expect(html).toContain('aria-current="page"');
});

test("the path of a document may hold slashes and any character", async () => {
  const html = await (await send("/documents/deep/more%20%26%20more.md")).text();
  expect(html).toContain("<h1>More &#38; &#60;more&#62;</h1>");
  expect(html).toContain("<title>More &#38; &#60;more&#62;</title>");
});

test("a document that is not there is 404", async () => {
  expect(await refused("/documents/nothing.md")).toMatchObject({ status: 404, code: "not_found" });
});

test("the documents are data for those who ask for JSON", async () => {
  const response = await send("/documents", { headers: { accept: "application/json" } });
  expect(response.headers.get("vary")).toBe("accept");
  expect(await response.json()).toEqual({ documents });
});
