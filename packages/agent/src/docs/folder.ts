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

/** Part of every hash. A new value makes the next ingest read all files again: raise it when passages or words are cut differently. */
const READING = "2";

const MARKDOWN = /\.(md|mdx|markdown)$/i;

/**
 * Reads the Markdown files of a folder and its subfolders, by path. Skips folders whose name begins with a dot,
 * `node_modules`, and links to folders, which may form a circle.
 *
 * Errors: `invalid_request` when the folder is missing or holds no Markdown, so that a mistyped path does not empty the
 * docs.
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

/** A file may be deleted while the folder is read. */
function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw error;
}

/** Removes the byte order mark and carriage returns, and replaces NUL (CommonMark 0.31, 2.3). */
function cleanText(text: string): string {
  return text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .replaceAll("\0", "\uFFFD");
}
