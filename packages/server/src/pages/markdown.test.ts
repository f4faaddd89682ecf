import { expect, test } from "vitest";

import { renderMarkdown } from "./markdown.ts";

test("a document that nests too deep is shown as its text", () => {
  expect(renderMarkdown(`${">".repeat(20_000)}<b>a`, [])).toMatch(/^<pre>(?:&#62;)+&#60;b&#62;a<\/pre>$/);
});
