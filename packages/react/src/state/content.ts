import type { Citation, Part, ToolCallPart, ToolResultPart } from "@chatkeep/protocol";

/** A stretch of a message that is shown as one: text, reasoning, a tool's call with its result, or a file. */
export type Content =
  | { readonly kind: "text" | "reasoning"; readonly text: string }
  | {
      readonly kind: "tool";
      readonly call: ToolCallPart | null;
      readonly result: ToolResultPart | null;
    }
  | { readonly kind: "file"; readonly url: string; readonly name: string };

/** A message's parts as they are shown: the content in order, and the citations that its markers count. */
export interface MessageContent {
  readonly content: readonly Content[];
  readonly citations: readonly Citation[];
}

/**
 * Groups parts for showing. Text that a citation interrupts is one text, or a marker in the middle of a
 * sentence would end its paragraph; a result stands with its call. Data parts are a host's own and not shown.
 */
export function messageContent(parts: readonly Part[]): MessageContent {
  const content: Content[] = [];
  const citations: Citation[] = [];
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
        content.push({ kind: "file", url: part.url, name: part.name ?? part.mime });
        break;
      case "source":
      case "approval-request":
      case "approval":
      case "step":
      case "data":
        break;
    }
  }
  return { content, citations };
}

/** The text of a message as it is copied: its text parts, a blank line where a tool stood between them. */
export function textOf(parts: readonly Part[]): string {
  return messageContent(parts)
    .content.flatMap((piece) => (piece.kind === "text" ? [piece.text] : []))
    .join("\n\n");
}
