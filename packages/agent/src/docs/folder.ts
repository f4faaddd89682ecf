import { createHash } from "node:crypto";
import { readFile, readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { ChatkeepError } from "@chatkeep/protocol";

/** A Markdown file of docs. */
export interface DocsFile {
  /** Within the folder, with forward slashes: `docs/intro.md`. */
  readonly path: string;
  readonly text: string;
  /** Of its text and of {@link READING}. */
  readonly hash: string;
}

/** Part of every hash: raise it when passages are cut in another way, and all docs are read anew. */
const READING = "2";

const MARKDOWN = /\.(md|mdx|markdown)$/i;

/**
 * Reads the Markdown files of a folder and its sub-folders, in the order of their paths. Folders whose name
 * begins with a dot and `node_modules` are passed over; so are links to folders, which may turn in a circle.
 *
 * Errors: `invalid_request` when the folder is not there or holds no Markdown: docs are never emptied by a
 * mistyped path.
 */
export async function readFolder(folder: string): Promise<DocsFile[]> {
  const files: DocsFile[] = [];
  for (const path of await markdownPaths(folder)) {
    const bytes = await readFile(join(folder, path)).catch(ignoreMissing);
    if (bytes === undefined) continue;
    const hash = createHash("sha256").update(READING).update(path).update(bytes).digest("hex");
    files.push({ path, text: cleanText(bytes.toString("utf8")), hash });
  }
  if (files.length > 0) return files;
  throw new ChatkeepError(
    "invalid_request",
    `The docs folder ${folder} holds no Markdown file. Name a folder with .md or .mdx files.`,
  );
}

async function markdownPaths(folder: string): Promise<string[]> {
  const paths: string[] = [];
  const walk = async (directory: string): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true });
    for (const entry of entries) {
      const full = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && entry.name !== "node_modules") await walk(full);
      } else if (MARKDOWN.test(entry.name) && (entry.isFile() || (await isFile(full)))) {
        paths.push(relative(folder, full).split(sep).join("/"));
      }
    }
  };
  try {
    await walk(folder);
  } catch (cause) {
    throw new ChatkeepError(
      "invalid_request",
      `The docs folder ${folder} cannot be read. Name an existing folder.`,
      { cause },
    );
  }
  return paths.sort();
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(ignoreMissing);
  return found?.isFile() === true;
}

/** A file that vanished while the folder was read is no error. */
function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw error;
}

/** Without a byte order mark, carriage returns and NUL, which Markdown does not hold (CommonMark 0.31, 2.3). */
function cleanText(text: string): string {
  return text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .replaceAll("\0", "\uFFFD");
}
