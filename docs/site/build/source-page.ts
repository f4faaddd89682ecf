import { parse } from "yaml";

/** A page of the repository's `docs` folder. */
export interface SourcePage {
  /** The file in the repository: `docs/guide/turns.md`. */
  readonly file: string;
  /** The path on the site: `guide/turns`. */
  readonly id: string;
  readonly title: string;
  /** The heading of the sidebar that it stands under. */
  readonly group: string;
  readonly order: number;
  /** Its first sentence, without marks. */
  readonly description: string;
  /** Markdown, without front matter and title. */
  readonly body: string;
}

/** Reads a page of the guide. Errors: front matter without `title`, `order` or `group`. */
export function readGuidePage(file: string, text: string): SourcePage {
  const [, fields = "", body = ""] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? [];
  const { title, order, group } = (parse(fields) ?? {}) as Record<string, unknown>;
  if (typeof title !== "string" || typeof order !== "number" || typeof group !== "string")
    throw new Error(`${file}: its front matter must have \`title\`, \`order\` (a number) and \`group\`.`);
  return { file, id: idOf(file), title, group, order, description: firstSentence(body), body };
}

/** Reads a decision, whose title is its first heading. */
export function readDecision(file: string, text: string): SourcePage {
  const [, title, body = ""] = /^# (.+)\n([\s\S]*)$/.exec(text) ?? [];
  if (title === undefined) throw new Error(`${file}: it must begin with its title, such as "# 63. A title".`);
  const plain = title.replaceAll("`", "");
  return {
    file,
    id: idOf(file),
    title: plain,
    group: "Decisions",
    order: 0,
    description: firstSentence(body),
    body,
  };
}

function idOf(file: string): string {
  return file.replace(/^docs\/|\.md$/g, "");
}

function firstSentence(body: string): string {
  const paragraph = body.trim().split(/\n\s*\n/)[0] ?? "";
  const plain = paragraph
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[`*]|^[-#] /gm, "")
    .replace(/\s+/g, " ");
  return /^.+?[.:](?= |$)/.exec(plain)?.[0].replace(/:$/, ".") ?? plain;
}
