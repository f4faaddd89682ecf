import type { Message, Part } from "@chatkeep/protocol";

import type { ExportSource } from "./source.ts";
import { ROLE_NAMES, citationName, shownJson } from "./words.ts";

/** A conversation as Markdown, as it is read: its own text is taken as it is. */
export async function* markdownOf({
  conversation,
  messages,
}: ExportSource): AsyncGenerator<string, void, void> {
  yield `# ${oneLine(conversation.title ?? "Untitled")}\n`;
  for await (const message of messages) yield `\n${messageText(message)}\n`;
}

function messageText({ role, createdAt, contextText, parts }: Message): string {
  const pieces = [`## ${ROLE_NAMES[role]} · ${createdAt}`];
  if (contextText !== null) pieces.push(contextText.replace(/^/gm, "> "));
  pieces.push(...parts.map(partText).filter((piece) => piece !== ""));
  const sources = parts.flatMap((part) => (part.type === "citation" ? [citationName(part.citation)] : []));
  if (sources.length > 0) {
    pieces.push(
      `Sources:\n\n${sources.map((source, index) => `${index + 1}. ${oneLine(source)}`).join("\n")}`,
    );
  }
  return pieces.join("\n\n");
}

function partText(part: Part): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "reasoning":
      return part.text === "" ? "" : `Reasoning:\n\n${part.text.replace(/^/gm, "> ")}`;
    case "tool-call":
      return `Call of ${oneLine(part.title ?? part.name)}:\n\n${fenced(part.arguments)}`;
    case "tool-result":
      return `${part.error === true ? "Error" : "Result"}:\n\n${fenced(shownJson(part.result))}`;
    case "file":
      return `File: ${oneLine(part.name ?? part.mime)}`;
    case "source":
      return `Source: ${oneLine([part.title ?? part.name, part.url].filter((one) => one !== undefined).join(" "))}`;
    default:
      return "";
  }
}

/** A fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
