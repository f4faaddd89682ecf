import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { Json, ResponderEvent, Usage } from "@chatkeep/protocol";
import type { TextStreamPart, ToolSet } from "ai";

/** Converts one part of a stream to events. The caller handles `error` and `abort` parts. */
export type EventReader<Part> = (part: Part) => ResponderEvent[];

/** Reads a provider's stream of a model without tools. A tool that it calls nevertheless does not exist. */
export function createCallReader(model: string): EventReader<LanguageModelV4StreamPart> {
  let modelId = model;

  return (part) => {
    switch (part.type) {
      case "text-delta":
        return [{ type: "text", text: part.delta }];
      case "reasoning-delta":
        return reasoningOf(part.delta);
      case "tool-call": {
        const { toolCallId: id, toolName: name } = part;
        const result = missingTool(name);
        return [callOf(id, name, part.input), { type: "tool-result", id, result, error: true }];
      }
      case "response-metadata":
        modelId = part.modelId ?? modelId;
        return [];
      case "finish": {
        const { inputTokens, outputTokens } = part.usage;
        return [usedBy(modelId, inputTokens.total, outputTokens.total)];
      }
      default:
        return [];
    }
  };
}

/** Reads the stream of a model with tools. Keeps the arguments of calls as the model wrote them. */
export function createEventReader(model: string): EventReader<TextStreamPart<ToolSet>> {
  const names = new Map<string, string>();
  const written = new Map<string, string>();
  const refusals = new Map<string, string>();
  let modelId = model;
  let input: number | undefined;
  let output: number | undefined;

  return (part) => {
    switch (part.type) {
      case "text-delta":
        return [{ type: "text", text: part.text }];
      case "reasoning-delta":
        return reasoningOf(part.text);
      case "tool-input-start":
        names.set(part.id, part.toolName);
        return [];
      case "tool-input-delta":
        written.set(part.id, (written.get(part.id) ?? "") + part.delta);
        return [{ type: "tool-call-delta", id: part.id, name: names.get(part.id) ?? "", delta: part.delta }];
      case "tool-call": {
        const text = written.get(part.toolCallId) ?? JSON.stringify(part.input) ?? "";
        if (part.invalid === true) refusals.set(part.toolCallId, refusalOf(part.toolName, part.error));
        return [callOf(part.toolCallId, part.toolName, text)];
      }
      case "tool-result":
        if (part.preliminary === true) return [];
        return [{ type: "tool-result", id: part.toolCallId, result: toJson(part.output) }];
      case "tool-error": {
        const result = refusals.get(part.toolCallId) ?? sentenceOf(part.toolName, part.error);
        return [{ type: "tool-result", id: part.toolCallId, result, error: true }];
      }
      case "finish-step": {
        modelId = part.response.modelId;
        input = sum(input, part.usage.inputTokens);
        output = sum(output, part.usage.outputTokens);
        // Known now, should a later step fail.
        return part.finishReason === "tool-calls" ? [usedBy(modelId, input, output)] : [];
      }
      case "finish": {
        const { inputTokens, outputTokens } = part.totalUsage;
        return [usedBy(modelId, inputTokens, outputTokens)];
      }
      default:
        return [];
    }
  };
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}

/** Anthropic signs its reasoning in a piece without text. */
function reasoningOf(text: string): ResponderEvent[] {
  return text === "" ? [] : [{ type: "reasoning", text }];
}

/** A call without arguments is often written as an empty string, which no client can parse. */
function callOf(id: string, name: string, written: string): ResponderEvent {
  return { type: "tool-call", id, name, arguments: written === "" ? "{}" : written };
}

function usedBy(model: string, input: number | undefined, output: number | undefined): ResponderEvent {
  const known = input !== undefined || output !== undefined;
  const usage: Usage = {
    inputTokens: input ?? null,
    outputTokens: output ?? null,
    totalTokens: known ? (input ?? 0) + (output ?? 0) : null,
  };
  return { type: "model", model, usage };
}

/** Converts a tool's output to JSON. A host's tool may return anything. */
export function toJson(output: unknown): Json {
  try {
    return JSON.parse(JSON.stringify(output) ?? "null") as Json;
  } catch {
    return String(output);
  }
}

/** The reason why a call was not made. */
function refusalOf(tool: string, error: unknown): string {
  if (error instanceof Error && error.name === "AI_NoSuchToolError") return missingTool(tool);
  return misfit(tool);
}

export function misfit(tool: string): string {
  return `The arguments do not fit the tool ${tool}.`;
}

function missingTool(tool: string): string {
  return `There is no tool named ${tool}.`;
}

/** The tool's own error message. */
export function sentenceOf(tool: string, error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : `The tool ${tool} failed.`;
}
