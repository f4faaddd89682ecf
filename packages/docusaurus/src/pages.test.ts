import { expect, it } from "vitest";

import { pagesOf } from "./pages.ts";

const version = (name: string, docs: Record<string, string>) => ({
  isLast: name === "2.0",
  contentPath: name === "current" ? "/site/docs" : `/site/versioned_docs/version-${name}`,
  docs: Object.entries(docs).map(([file, permalink]) => ({
    source: `@site/${name === "current" ? "docs" : `versioned_docs/version-${name}`}/${file}`,
    permalink,
  })),
});

it("finds the page of a file in the latest version that has it, whatever the order of versions", () => {
  const content = {
    default: {
      loadedVersions: [
        version("current", { "1-seeds.md": "/next/", "new.md": "/next/new" }),
        version("2.0", { "1-seeds.md": "/", "kitchen/harvest.mdx": "/kitchen/harvest" }),
        version("1.0", { "1-seeds.md": "/1.0/", "old.md": "/1.0/old" }),
      ],
    },
  };
  expect(pagesOf(content, "/site")).toEqual({
    "1-seeds.md": "/",
    "kitchen/harvest.mdx": "/kitchen/harvest",
    "new.md": "/next/new",
    "old.md": "/1.0/old",
  });
});

it("finds the pages of translated files, and of folders outside of the site", () => {
  const content = {
    default: {
      loadedVersions: [
        {
          isLast: true,
          contentPath: "/book/chapters",
          contentPathLocalized: "/site/i18n/de/docs/current",
          docs: [
            { source: "@site/i18n/de/docs/current/seeds.md", permalink: "/de/seeds" },
            { source: "@site/../book/chapters/water.md", permalink: "/de/water" },
          ],
        },
      ],
    },
  };
  expect(pagesOf(content, "/site")).toEqual({ "seeds.md": "/de/seeds", "water.md": "/de/water" });
});
