import { rmSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";

import { createDocs } from "@chatkeep/agent";
import { createDocsStore } from "@chatkeep/core";
import { isChatkeepError } from "@chatkeep/protocol";
import { describe, expect, test } from "vitest";

import { GUIDE, docsOf, folderOf, openStore, write } from "./fixture.ts";

const { database, store } = await openStore();

/** What the statistics of docs say, and what a count of its passages says. */
async function statistics(name: string): Promise<{ kept: unknown; counted: unknown }> {
  const { rows: kept } = await database.pool.query(
    `select b.passage_count, b.term_count,
       (select json_object_agg(t.term, t.passage_count order by t.term) from chatkeep.terms t where t.docs = b.name) as terms
     from chatkeep.docs b where b.name = $1`,
    [name],
  );
  const { rows: counted } = await database.pool.query(
    `select count(*) as passage_count, coalesce(sum(length(p.search)), 0) as term_count,
       (select json_object_agg(w.lexeme, w.n order by w.lexeme) from (
          select w.lexeme, count(*) as n from chatkeep.passages p, unnest(p.search) w where p.docs = $1 group by 1
        ) w) as terms
     from chatkeep.passages p where p.docs = $1`,
    [name],
  );
  return { kept: kept[0], counted: counted[0] };
}

/** What the database's clock says, in milliseconds. */
async function now(): Promise<number> {
  const { rows } = await database.pool.query<{ now: Date }>("select now()");
  return rows[0]!.now.getTime();
}

describe("a citation", () => {
  const QUOTE = "Backups run every night at two.";

  test("opens as long as the docs say so, and says since when it does not", async () => {
    const { docs, folder } = await docsOf(store, "cited", {
      "a.md": `# A\n\n## Backups\n\n${QUOTE} They are kept.`,
    });
    const cited = { path: "a.md", quote: QUOTE };
    expect(await docs.openCitation(cited)).toMatchObject({
      status: "current",
      changedAt: null,
      present: true,
    });

    await write(folder, "a.md", `# A\n\nNew before it.\n\n## Backups\n\n${QUOTE}\nThey are kept.`);
    await docs.ingest();
    expect(await docs.openCitation(cited)).toMatchObject({ status: "current" });

    const before = await now();
    await write(folder, "a.md", "# A anew\n\n## Backups\n\nBackups run at noon.");
    await docs.ingest();
    const changed = await docs.openCitation(cited);
    expect(changed).toMatchObject({ status: "changed", present: true, document: "A", quote: QUOTE });
    expect(changed.passage).toContain(QUOTE);
    expect(Date.parse(changed.changedAt ?? "")).toBeGreaterThanOrEqual(before);
  });

  test("opens when its document is gone, and one that was never there is unknown", async () => {
    const { docs, folder } = await docsOf(store, "gone", {
      "a.md": `# A\n\n${QUOTE}`,
      "b.md": "# B\n\nText.",
    });
    const before = await now();
    rmSync(join(folder, "a.md"));
    await docs.ingest();
    expect(await docs.openCitation({ path: "a.md", quote: QUOTE })).toMatchObject({
      status: "changed",
      present: false,
      document: "A",
      passage: QUOTE,
    });
    const former = await docs.former("a.md");
    expect(former).toMatchObject({
      title: "A",
      url: "/documents/a.md",
      markdown: expect.stringContaining(QUOTE) as string,
    });
    expect(Date.parse(former?.until ?? "")).toBeGreaterThanOrEqual(before);
    expect(await docs.former("b.md")).toBeNull();
    expect(await docs.openCitation({ path: "b.md", quote: "Nobody said so." })).toMatchObject({
      status: "unknown",
      present: true,
      passage: null,
    });
  });
});

describe("ingest", () => {
  test("reads a folder and its sub-folders, and nothing else", async () => {
    const folder = await folderOf({
      "b.md": "# Second",
      "a.md": "---\norder: 1\ntitle: First\n---\nText.",
      "deep/er/c.MDX": "# Third\n\nText.",
      "notes.txt": "no",
      ".git/d.md": "no",
      "node_modules/x/e.md": "no",
    });
    await symlink(folder, join(folder, "circle"));
    const docs = createDocs({ store, folder, name: "folders" });
    expect(await docs.ingest()).toEqual({ documents: 3, changed: 3, removed: 0 });
    expect(await docs.documents()).toEqual([
      { path: "a.md", slug: "a", title: "First", url: "/documents/a.md" },
      { path: "b.md", slug: "b", title: "Second", url: "/documents/b.md" },
      { path: "deep/er/c.MDX", slug: "deep/er/c", title: "Third", url: "/documents/deep/er/c.MDX" },
    ]);
  });

  test("a second time it finds nothing to do, and writes nothing", async () => {
    const { docs } = await docsOf(store, "twice", { "a.md": "# A\n\nText.", "b.md": "# B\n\nText." });
    const rows = async (): Promise<unknown> =>
      (
        await database.pool.query(
          "select xmin, path from chatkeep.passages where docs = 'twice' order by path",
        )
      ).rows;
    const before = await rows();
    expect(await docs.ingest()).toEqual({ documents: 2, changed: 0, removed: 0 });
    expect(await rows()).toEqual(before);
  });

  test("reads what has changed, and removes what has vanished", async () => {
    const { docs, folder } = await docsOf(store, "changed", {
      "a.md": "# A\n\nApples are red.",
      "b.md": "# B\n\nBananas are yellow.",
      "c.md": "# C\n\nCherries are sweet.",
    });
    await write(folder, "b.md", "# B two\n\nBlueberries are blue.\n\n## More\n\nBlackberries too.");
    rmSync(join(folder, "c.md"));
    await write(folder, "d.md", "# D\n\nDates are brown.");
    expect(await docs.ingest()).toEqual({ documents: 3, changed: 2, removed: 1 });

    expect((await docs.documents()).map((document) => document.title)).toEqual(["A", "B two", "D"]);
    expect(await docs.search({ question: "bananas" })).toEqual([]);
    expect(await docs.search({ question: "cherries" })).toEqual([]);
    expect((await docs.search({ question: "blackberries" }))[0]).toMatchObject({
      path: "b.md",
      anchor: "more",
    });
    const { kept, counted } = await statistics("changed");
    expect(kept).toEqual(counted);
  });

  test("from four nodes at once does the work once", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `c${index}.md`,
        `# Document ${index}\n\nWord ${index} of many.`,
      ]),
    );
    const folder = await folderOf(files);
    const docs = Array.from({ length: 4 }, () => createDocs({ store, folder, name: "at once" }));
    const done = await Promise.all(docs.map((docs) => docs.ingest()));
    expect(done.reduce((sum, { changed }) => sum + changed, 0)).toBe(20);

    for (const index of [3, 7])
      await write(folder, `c${index}.md`, `# Document ${index}\n\nOther words now.`);
    rmSync(join(folder, "c9.md"));
    const again = await Promise.all(docs.map((docs) => docs.ingest()));
    expect(again.reduce((sum, { changed }) => sum + changed, 0)).toBe(2);
    expect(again.reduce((sum, { removed }) => sum + removed, 0)).toBe(1);
    const { kept, counted } = await statistics("at once");
    expect(kept).toEqual(counted);
  });

  test("of the guide is a handful of statements, and a single one when nothing changed", async () => {
    const sent: string[] = [];
    const watched = createDocsStore({
      pool: {
        query: (config) => {
          sent.push(/\.(\w+)\(/.exec(config.text)?.[1] ?? config.text);
          return database.pool.query(config);
        },
        connect: () => database.pool.connect(),
        on: () => undefined,
      },
    });
    const docs = createDocs({ store: watched, folder: GUIDE, name: "counted" });
    await docs.ingest();
    expect(sent).toEqual(["list_documents", "put_documents"]);
    sent.length = 0;
    await docs.ingest();
    expect(sent).toEqual(["list_documents"]);
    watched.close();
  });

  test("of a folder that is not there, or holds no Markdown, changes nothing and says so", async () => {
    const { folder } = await docsOf(store, "kept", { "a.md": "# A\n\nText." });
    const gone = createDocs({ store, folder: join(folder, "gone"), name: "kept" });
    await expect(gone.ingest()).rejects.toSatisfy((error) => isChatkeepError(error, "invalid_request"));
    const empty = createDocs({ store, folder: await folderOf({ "a.txt": "x" }), name: "kept" });
    await expect(empty.ingest()).rejects.toThrow("holds no Markdown file");
    expect(await gone.documents()).toHaveLength(1);
  });

  test("tells of front matter that cannot be read, and reads the file all the same", async () => {
    const told: string[] = [];
    const folder = await folderOf({ "a.md": "---\n: [\n---\n# A\n\nText." });
    const log = { warn: (message: string) => told.push(message) };
    expect(await createDocs({ store, folder, name: "warned", log }).ingest()).toMatchObject({ changed: 1 });
    expect(told).toEqual(["The front matter of a.md is not valid YAML; its title and order are not used."]);
  });

  test("takes text that PostgreSQL would not", async () => {
    const { docs } = await docsOf(store, "odd", {
      "a.md": '---\ntitle: "A\\0B \\ud800"\n---\n\uFEFFNUL \0, a mark \u001a and 😀\r\nwrapped.',
      "b.md": `# Long\n\n${"x".repeat(5000)} ${"wörter ".repeat(3000)}`,
    });
    const document = await docs.document("a");
    expect(document).toMatchObject({ title: "A\uFFFDB \uFFFD" });
    expect(document?.markdown).toContain("NUL \uFFFD, a mark \u001a and 😀\nwrapped.");
    expect((await docs.search({ question: "mark" }))[0]?.text).toContain("a mark \u001a and 😀 wrapped.");
  });
});

describe("a document", () => {
  test("is found by its path, its slug and the address of its page", async () => {
    const { docs } = await docsOf(store, "found", {
      "docs/intro.md": "# Intro\n\nText.\n\n## A part\n\n### Deeper\n",
    });
    const document = await docs.document("docs/intro.md");
    expect(document).toEqual({
      path: "docs/intro.md",
      slug: "docs/intro",
      title: "Intro",
      url: "/documents/docs/intro.md",
      markdown: "# Intro\n\nText.\n\n## A part\n\n### Deeper\n",
      sections: [
        { title: "A part", anchor: "a-part", depth: 2 },
        { title: "Deeper", anchor: "deeper", depth: 3 },
      ],
    });
    for (const path of [
      "docs/intro",
      "/docs/intro",
      "/documents/docs/intro.md",
      "/book/docs/intro.md",
      "docs/intro.html",
      "docs/intro/",
    ]) {
      expect(await docs.document(path)).toEqual(document);
    }
    expect(await docs.document("../docs/intro.md")).toBeNull();
    expect(await docs.document("docs")).toBeNull();
  });

  test("is that of its own docs", async () => {
    const { docs } = await docsOf(store, "one", { "a.md": "# One\n\nOne only." });
    await docsOf(store, "two", { "a.md": "# Two\n\nTwo only.", "b.md": "# B\n\nB." });
    expect((await docs.document("a"))?.title).toBe("One");
    expect(await docs.document("b")).toBeNull();
    expect(await docs.search({ question: "two" })).toEqual([]);
    expect(await docs.ingest()).toEqual({ documents: 1, changed: 0, removed: 0 });
  });
});
