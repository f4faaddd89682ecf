import type { ThreadMessageLike } from "@assistant-ui/react";
import type { Json, Part } from "@chatkeep/protocol";

export type Content = Exclude<ThreadMessageLike["content"], string>[number];
export type ToolResult = Extract<Part, { type: "tool-result" }>;
/** The results of calls by the ids of the calls. */
export type Results = ReadonlyMap<string, ToolResult>;

export function resultsIn(parts: readonly Part[]): Results {
  return new Map(parts.flatMap((part) => (part.type === "tool-result" ? [[part.id, part]] : [])));
}

/** The parts of a message as assistant-ui shows them, with the results of its calls. */
export function contentsOf(parts: readonly Part[], results: Results): Content[] {
  return parts.flatMap((part, index) => contentOf(part, index, results));
}

function contentOf(part: Part, index: number, results: Results): Content[] {
  switch (part.type) {
    case "text":
    case "reasoning":
      return [{ type: part.type, text: part.text }];
    case "tool-call": {
      const result = results.get(part.id);
      const answered = result === undefined ? {} : { result: result.result, isError: result.error === true };
      return [
        {
          type: "tool-call",
          toolCallId: part.id,
          toolName: part.name,
          argsText: part.arguments,
          ...answered,
        },
      ];
    }
    case "tool-result":
    case "approval-request":
    case "approval":
    case "step":
      return [];
    case "source": {
      const { id, url, title = "" } = part;
      return url === undefined ? [] : [{ type: "source", sourceType: "url", id, url, title }];
    }
    case "citation": {
      const { citation } = part;
      const title = citation.section ?? citation.chapter;
      const source = {
        sourceType: "url" as const,
        id: `source-${index + 1}`,
        url: citation.url ?? citation.path,
      };
      return [{ type: "source", ...source, title }];
    }
    case "file":
      return [
        {
          type: "file",
          data: part.url,
          mimeType: part.mime,
          ...(part.name === undefined ? {} : { filename: part.name }),
        },
      ];
    case "data":
      return [{ type: "data", name: part.name, data: part.data }];
  }
}

/** The parts of a message of assistant-ui. */
export function partsFrom(content: Record<string, Json>): Part[] {
  const { type, text, toolCallId, toolName, argsText, result, isError, name, data } = content;
  if ((type === "text" || type === "reasoning") && typeof text === "string") return [{ type, text }];
  if (type === "tool-call" && typeof toolCallId === "string" && typeof toolName === "string") {
    const call: Part = {
      type,
      id: toolCallId,
      name: toolName,
      arguments: typeof argsText === "string" ? argsText : "{}",
    };
    if (result === undefined) return [call];
    const error = isError === true ? { error: true } : {};
    return [call, { type: "tool-result", id: toolCallId, result, ...error }];
  }
  if (type === "data" && typeof name === "string") return [{ type, name, data: data ?? null }];
  const file = fileFrom(content);
  if (file !== undefined) return [file];
  // What we do not know is kept as it came.
  return [{ type: "data", name: "assistant-ui-part", data: content }];
}

function fileFrom(content: Record<string, Json>): Part | undefined {
  const { type, image, data, mimeType, filename, audio, providerMetadata } = content;
  const { file } = recordOf(recordOf(providerMetadata)["chatkeep"]);
  const name = typeof filename === "string" ? { name: filename } : {};
  // The server knows the rest of a file that it has.
  if (typeof file === "string") return { type: "file", file, url: "", mime: "" };
  if (type === "image" && typeof image === "string") {
    const [, mime = "image/*"] = /^data:([^;,]+)/.exec(image) ?? [];
    return { type: "file", url: image, mime, ...name };
  }
  if (type === "file" && typeof data === "string" && typeof mimeType === "string")
    return { type, url: addressOf(data, mimeType), mime: mimeType, ...name };
  const { data: sound, format } = recordOf(audio);
  if (type !== "audio" || typeof sound !== "string") return undefined;
  const mime = format === "wav" ? "audio/wav" : "audio/mpeg";
  return { type: "file", url: addressOf(sound, mime), mime, ...name };
}

/** Bytes come as an address, or bare in base64. */
function addressOf(data: string, mime: string): string {
  return /^[a-z][a-z\d+.-]*:/i.test(data) ? data : `data:${mime};base64,${data}`;
}

function recordOf(value: Json | undefined): Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
