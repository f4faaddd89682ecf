import type { Json, ResponderEvent, Usage } from "@chatkeep/protocol";
import type { LanguageModelUsage, TextStreamPart, ToolSet } from "ai";

import type { CallPart } from "./provider.ts";

/** A part of the AI SDK's streams: of an answer with its tools' results, or of one call. */
export type StreamPart = TextStreamPart<ToolSet> | CallPart;

/** What one part of the AI SDK's stream says, as events; `error` and `abort` parts are the caller's. */
export type EventReader = (part: StreamPart) => ResponderEvent[];

/** Reads the parts of one answer. It keeps the arguments of calls as the string that the model wrote. */
export function createEventReader(model: string): EventReader {
  const names = new Map<string, string>();
  const written = new Map<string, string>();
  const refusals = new Map<string, string>();
  let modelId = model;

  return (part) => {
    switch (part.type) {
      case "text-delta":
        return [{ type: "text", text: part.text }];
      case "reasoning-delta":
        // Anthropic signs its reasoning in a piece of its own, which has no text.
        return part.text === "" ? [] : [{ type: "reasoning", text: part.text }];
      case "tool-input-start":
        names.set(part.id, part.toolName);
        return [];
      case "tool-input-delta":
        written.set(part.id, (written.get(part.id) ?? "") + part.delta);
        return [{ type: "tool-call-delta", id: part.id, name: names.get(part.id) ?? "", delta: part.delta }];
      case "tool-call": {
        const text = written.get(part.toolCallId) ?? JSON.stringify(part.input) ?? "";
        if (part.invalid === true) refusals.set(part.toolCallId, refusalOf(part.toolName, part.error));
        // A call without arguments is often written as an empty string, which no client can parse.
        const call = { id: part.toolCallId, name: part.toolName, arguments: text === "" ? "{}" : text };
        return [{ type: "tool-call", ...call }];
      }
      case "tool-result":
        if (part.preliminary === true) return [];
        return [{ type: "tool-result", id: part.toolCallId, result: toJson(part.output) }];
      case "tool-error": {
        const result = refusals.get(part.toolCallId) ?? sentenceOf(part.toolName, part.error);
        return [{ type: "tool-result", id: part.toolCallId, result, error: true }];
      }
      case "finish-step":
        modelId = part.response.modelId;
        return [];
      case "model-call-response-metadata":
        modelId = part.modelId ?? modelId;
        return [];
      case "finish":
        return [{ type: "model", model: modelId, usage: toUsage(part.totalUsage) }];
      case "model-call-end":
        return [{ type: "model", model: modelId, usage: toUsage(part.usage) }];
      default:
        return [];
    }
  };
}

function toUsage(usage: LanguageModelUsage): Usage {
  return {
    inputTokens: usage.inputTokens ?? null,
    outputTokens: usage.outputTokens ?? null,
    totalTokens: usage.totalTokens ?? null,
  };
}

/** What JSON keeps of a tool's output; a tool of the host may return anything. */
function toJson(output: unknown): Json {
  try {
    return JSON.parse(JSON.stringify(output) ?? "null") as Json;
  } catch {
    return String(output);
  }
}

/** Why a call was not made. */
function refusalOf(tool: string, error: unknown): string {
  if (error instanceof Error && error.name === "AI_NoSuchToolError") return `There is no tool named ${tool}.`;
  return `The arguments do not fit the tool ${tool}.`;
}

/** Why a call gave no result, in the tool's own words. */
function sentenceOf(tool: string, error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : `The tool ${tool} failed.`;
}
