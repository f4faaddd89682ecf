import { posix } from "node:path";

/** Where a file of the docs is shown: by its path within the folder of the docs, with forward slashes. */
export type Pages = Readonly<Record<string, string>>;

/** What is used of the content of Docusaurus' docs plugin, by the plugin's instances. Source: its `LoadedContent`. */
export type DocsContent = Readonly<
  Record<
    string,
    {
      readonly loadedVersions: readonly {
        readonly isLast: boolean;
        readonly contentPath: string;
        readonly contentPathLocalized?: string | undefined;
        readonly docs: readonly {
          /** `@site/docs/water.md`. */
          readonly source: string;
          readonly permalink: string;
        }[];
      }[];
    }
  >
>;

/**
 * The pages of all docs, for citations: these name a file, and which page shows a file is Docusaurus' to say (number
 * prefixes, slugs and ids change it). Of several versions of a file the latest is meant.
 */
export function pagesOf(content: DocsContent, siteDir: string): Pages {
  const versions = Object.values(content).flatMap(({ loadedVersions }) => loadedVersions);
  const pages: Record<string, string> = {};
  for (const version of versions.sort((a, b) => Number(b.isLast) - Number(a.isLast))) {
    const folders = [version.contentPathLocalized, version.contentPath].flatMap((folder) =>
      folder === undefined ? [] : [folder.replaceAll("\\", "/")],
    );
    for (const { source, permalink } of version.docs) {
      // A folder outside of the site is "@site/../…".
      const file = posix.normalize(source.replace("@site", siteDir.replaceAll("\\", "/")));
      const folder = folders.find((folder) => file.startsWith(`${folder}/`));
      if (folder !== undefined) pages[file.slice(folder.length + 1)] ??= permalink;
    }
  }
  return pages;
}
