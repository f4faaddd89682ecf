import type { Citation, Part, SourcePart, ToolCallPart, ToolResultPart } from "@chatkeep/protocol";

export type FilePart = Extract<Part, { type: "file" }>;

/** A stretch of a message that is shown as one: text, reasoning, a tool's call with its result, files, or sources. */
export type Content =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | {
      readonly kind: "tool";
      readonly call: ToolCallPart | null;
      readonly result: ToolResultPart | null;
    }
  | { readonly kind: "files"; readonly files: readonly FilePart[] }
  | { readonly kind: "sources"; readonly sources: readonly SourcePart[] };

/** A message's parts as they are shown: the content in order, and the citations that its markers count. */
export interface MessageContent {
  readonly content: readonly Content[];
  readonly citations: readonly Citation[];
}

/**
 * Groups parts for showing. Text that a citation interrupts is one text, or a marker in the middle of a
 * sentence would end its paragraph; a result stands with its call; files in a row are one, and sources come last. Data
 * parts are a host's own and not shown.
 */
export function messageContent(parts: readonly Part[]): MessageContent {
  const content: Content[] = [];
  const citations: Citation[] = [];
  const sources: SourcePart[] = [];
  const calls = new Map<string, number>();
  for (const part of parts) {
    const last = content.at(-1);
    switch (part.type) {
      case "text":
      case "reasoning":
        if (last?.kind === part.type)
          content[content.length - 1] = { kind: part.type, text: last.text + part.text };
        else content.push({ kind: part.type, text: part.text });
        break;
      case "tool-call":
        calls.set(part.id, content.push({ kind: "tool", call: part, result: null }) - 1);
        break;
      case "tool-result": {
        const index = calls.get(part.id);
        const before = index === undefined ? undefined : content[index];
        if (index !== undefined && before?.kind === "tool") content[index] = { ...before, result: part };
        else content.push({ kind: "tool", call: null, result: part });
        break;
      }
      case "citation":
        citations.push(part.citation);
        break;
      case "file":
        if (last?.kind === "files")
          content[content.length - 1] = { kind: "files", files: [...last.files, part] };
        else content.push({ kind: "files", files: [part] });
        break;
      case "source":
        sources.push(part);
        break;
      case "approval-request":
      case "approval":
      case "step":
      case "data":
        break;
    }
  }
  if (sources.length > 0) content.push({ kind: "sources", sources });
  return { content, citations };
}

/** The text of a message as it is copied: its text parts, a blank line where a tool stood between them. */
export function textOf(parts: readonly Part[]): string {
  return messageContent(parts)
    .content.flatMap((piece) => (piece.kind === "text" ? [piece.text] : []))
    .join("\n\n");
}
