import { describe, expect, test } from "vitest";

import { LAST_POSITION, readDocument } from "./document.ts";

describe("a document's title and place", () => {
  test("are those of the front matter", () => {
    const document = readDocument("b.md", "---\ntitle: 'Über: alles'\norder: 3\n---\n\n# Heading\n\nText.\n");
    expect(document).toMatchObject({ title: "Über: alles", position: 3 });
    expect(document.markdown).toBe("\n# Heading\n\nText.\n");
  });

  test("without front matter the first heading of depth 1, behind those that ask for a place", () => {
    expect(readDocument("b.md", "# The `b` of [docs](x.md)\n\nText.")).toMatchObject({
      title: "The b of docs",
      position: LAST_POSITION,
    });
  });

  test("without either the file's name, without its number", () => {
    expect(readDocument("docs/02-first-steps.md", "Text.").title).toBe("First steps");
  });

  test("front matter that is no YAML is named and passed over", () => {
    const told: string[] = [];
    const document = readDocument("b.md", "---\ntitle: [\n---\n\nText.", (message) => told.push(message));
    expect(document.title).toBe("B");
    expect(told).toEqual(["The front matter of b.md is not valid YAML; its title and order are not used."]);
  });

  test("a rule at the top is no front matter", () => {
    expect(readDocument("b.md", "---\n\nText.").markdown).toBe("---\n\nText.");
  });
});

describe("a document's sections", () => {
  const text = `# Title

Intro.

## Set up {#start}

### On Linux & macOS

## Set up

## Set up
`;

  test("have the anchors that GitHub gives, or their own, and know the headings above", () => {
    const { sections } = readDocument("b.md", text);
    expect(sections.map(({ title, anchor, above }) => ({ title, anchor, above }))).toEqual([
      { title: null, anchor: null, above: [] },
      { title: "Set up", anchor: "start", above: [] },
      { title: "On Linux & macOS", anchor: "on-linux--macos", above: ["Set up"] },
      { title: "Set up", anchor: "set-up", above: [] },
      { title: "Set up", anchor: "set-up-1", above: [] },
    ]);
  });

  test("a heading within code is none", () => {
    expect(readDocument("b.md", "Text.\n\n```\n# no heading\n```\n").sections).toHaveLength(1);
  });

  test("of MDX are read without its code", () => {
    const mdx = `import X from "x"

export const a = 1;

# Title

<Note type="warning">
  ## Inside
</Note>

\`Array<T>\` stays. {/* gone */}

\`\`\`jsx
import Y from "y"
<Y />
\`\`\`
`;
    const { title, markdown, sections } = readDocument("b.mdx", mdx);
    expect(title).toBe("Title");
    expect(sections.map((section) => section.title)).toEqual([null, "Inside"]);
    expect(markdown).not.toMatch(/Note|export|gone|from "x"/);
    expect(markdown).toContain("`Array<T>` stays.");
    expect(markdown).toContain('```jsx\nimport Y from "y"\n<Y />\n```');
  });
});
