import { createLowlight } from "lowlight";

import { LANGUAGES, fileEndingOf, languageOf } from "./languages.ts";

export { fileEndingOf, languageOf };

/** A piece of code and its kind: `keyword`, `string`, …, or `null`. */
export interface Piece {
  readonly text: string;
  readonly kind: string | null;
}

const lowlight = createLowlight();
/** The languages that a language can contain. */
const WITHIN: Readonly<Record<string, readonly string[]>> = {
  xml: ["css", "javascript"],
  markdown: ["xml"],
  php: ["xml"],
  shell: ["bash"],
  dockerfile: ["bash"],
};

/** Loads the grammar of a language, and of those within it. */
export async function loadLanguage(name: string): Promise<void> {
  const names = [name, ...(WITHIN[name] ?? [])];
  const grammars = await Promise.all(
    names.map(async (each) => [each, (await LANGUAGES.get(each)?.load())?.default] as const),
  );
  for (const [each, grammar] of grammars) if (grammar !== undefined) lowlight.register(each, grammar);
}

/** Splits code of a loaded language into pieces, in order. */
export function piecesOf(code: string, name: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const add = (nodes: readonly Node[], kind: string | null): void => {
    for (const node of nodes) {
      if (node.type === "text") pieces.push({ text: node.value, kind });
      else if (node.type === "element") add(node.children, kindOf(node) ?? kind);
    }
  };
  add(lowlight.highlight(name, code).children, null);
  return pieces;
}

type Node = ReturnType<typeof lowlight.highlight>["children"][number];

/** The first class without its prefix: `hljs-title function_` is a `title`. */
function kindOf(node: Extract<Node, { type: "element" }>): string | undefined {
  const [name] = node.properties["className"] as string[];
  return name?.replace(/^hljs-/, "");
}
