import type { Message, Part } from "@chatkeep/protocol";

import { renderMarkdown } from "../pages/markdown.ts";
import { escapeHtml as h } from "../pages/page.ts";
import { type ExportSource, whenDeleted } from "./source.ts";
import { STYLE } from "./style.ts";
import { ROLE_NAMES, citationName, shownJson } from "./words.ts";

/** Pictures that are shown: those that a browser draws and that run nothing. */
const PICTURE = /^image\/(png|jpeg|gif|webp|avif|bmp)$/i;
/** Bytes of all pictures of a file. Others are named. */
const MOST_BYTES = 20_000_000;

/**
 * A conversation as one HTML file: no script, nothing that is loaded, pictures as `data:` addresses. Whatever a model or a
 * person wrote is text; the policy in its head keeps it so.
 */
export async function* htmlOf(source: ExportSource): AsyncGenerator<string, void, void> {
  const title = h(source.conversation.title ?? "Untitled");
  yield `<!doctype html>
<html lang="und">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1 dir="auto">${title}</h1>
`;
  const pictures = { left: MOST_BYTES };
  for await (const message of source.messages) yield await messageHtml(source, message, pictures);
  yield "</main>\n</body>\n</html>\n";
}

async function messageHtml(
  source: ExportSource,
  { role, createdAt, contextText, parts }: Message,
  pictures: { left: number },
): Promise<string> {
  const selected =
    contextText === null ? "" : `<blockquote dir="auto" class="text">${h(contextText)}</blockquote>\n`;
  const pieces: string[] = [];
  for (const part of parts) pieces.push(await partHtml(source, part, pictures, role === "user"));
  const citations = parts.flatMap((part) => (part.type === "citation" ? [part.citation] : []));
  const sources = citations
    .map((citation) => `<li>${linked(citationName(citation), citation.url)}</li>`)
    .join("");
  return `<article class="${role}">
<header>${ROLE_NAMES[role]} <time datetime="${h(createdAt)}">${h(createdAt.slice(0, 16).replace("T", " "))} UTC</time></header>
${selected}${pieces.join("")}${sources === "" ? "" : `<ol>${sources}</ol>\n`}</article>
`;
}

async function partHtml(
  source: ExportSource,
  part: Part,
  pictures: { left: number },
  isPlain: boolean,
): Promise<string> {
  switch (part.type) {
    case "text":
      return isPlain
        ? `<p dir="auto" class="text">${h(part.text)}</p>\n`
        : `<div dir="auto">${rendered(part.text)}</div>\n`;
    case "reasoning":
      return part.text === "" ? "" : details("Reasoning", part.text);
    case "tool-call":
      return details(part.title ?? part.name, part.arguments);
    case "tool-result":
      return details(part.error === true ? "Error" : "Result", shownJson(part.result));
    case "file":
      return fileHtml(source, part, pictures);
    case "source":
      return `<p>${linked(part.title ?? part.name ?? part.url ?? part.id, part.url ?? null)}</p>\n`;
    default:
      return "";
  }
}

/** Markdown that is nested too deep to be read stays as it was written. */
function rendered(text: string): string {
  try {
    return renderMarkdown(text);
  } catch {
    return `<p class="text">${h(text)}</p>`;
  }
}

function details(name: string, text: string): string {
  return `<details><summary>${h(name)}</summary><pre dir="auto">${h(text)}</pre></details>\n`;
}

function linked(name: string, url: string | null): string {
  return url !== null && /^https?:\/\//i.test(url) ? `<a href="${h(url)}">${h(name)}</a>` : h(name);
}

async function fileHtml(
  { history, owner }: ExportSource,
  part: Extract<Part, { type: "file" }>,
  pictures: { left: number },
): Promise<string> {
  const name = h(part.name ?? part.mime);
  const file =
    part.file === undefined ? undefined : await history.getFile(owner, part.file).catch(whenDeleted);
  if (file === undefined || !PICTURE.test(file.mediaType) || file.size > pictures.left) {
    return `<p class="file">${name}</p>\n`;
  }
  pictures.left -= file.size;
  const bytes: Uint8Array[] = [];
  for await (const piece of history.readFile(owner, file.id)) bytes.push(piece);
  const data = Buffer.concat(bytes).toString("base64");
  return `<p><img alt="${name}" src="data:${file.mediaType.toLowerCase()};base64,${data}"></p>\n`;
}
