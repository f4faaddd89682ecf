import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type {
  Json,
  ProviderMetadata,
  ResponderEvent,
  SourcePart,
  ToolCallPart,
  Usage,
} from "@chatkeep/protocol";
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
        return [{ type: "reasoning", text: part.delta, id: part.id, ...metadataOf(part) }];
      case "text-end":
      case "reasoning-start":
      case "reasoning-end":
        return blockOf(part);
      case "source":
        return [sourceOf(part)];
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
  const begun = new Map<string, Pick<ToolCallPart, "name" | "executor" | "dynamic" | "title">>();
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
        return [{ type: "reasoning", text: part.text, id: part.id, ...metadataOf(part) }];
      case "text-end":
      case "reasoning-start":
      case "reasoning-end":
        return blockOf(part);
      case "source":
        return [sourceOf(part)];
      case "tool-input-start":
        begun.set(part.id, { name: part.toolName, ...callFields(part) });
        return [];
      case "tool-input-delta":
        written.set(part.id, (written.get(part.id) ?? "") + part.delta);
        return [{ name: "", ...begun.get(part.id), type: "tool-call-delta", id: part.id, delta: part.delta }];
      case "tool-call": {
        const text = written.get(part.toolCallId) ?? JSON.stringify(part.input) ?? "";
        if (part.invalid === true) refusals.set(part.toolCallId, refusalOf(part.toolName, part.error));
        written.delete(part.toolCallId);
        return [
          { ...callOf(part.toolCallId, part.toolName, text), ...callFields(part), ...metadataOf(part) },
        ];
      }
      case "tool-result":
        if (part.preliminary === true) return [];
        return [
          { type: "tool-result", id: part.toolCallId, result: toJson(part.output), ...metadataOf(part) },
        ];
      case "tool-approval-request": {
        const { approvalId: id, toolCall, isAutomatic, reason, signature } = part;
        return [
          {
            type: "approval-request",
            id,
            call: toolCall.toolCallId,
            ...(isAutomatic === true ? { automatic: true } : {}),
            ...(reason === undefined ? {} : { reason }),
            ...(signature === undefined ? {} : { signature }),
          },
        ];
      }
      case "tool-output-denied":
        return [{ type: "tool-result", id: part.toolCallId, result: DENIED, error: true, denied: true }];
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

export const DENIED = "Tool call execution denied.";

interface Block {
  readonly type: "text-end" | "reasoning-start" | "reasoning-end";
  readonly id: string;
  readonly providerMetadata?: object | undefined;
}

/** Providers sign a block at its beginning or its end, and hide reasoning in one without text. */
function blockOf(part: Block): ResponderEvent[] {
  const metadata = metadataOf(part);
  if (part.type === "text-end")
    return metadata.metadata ? [{ type: "text", text: "", done: true, ...metadata }] : [];
  if (part.type === "reasoning-start" && metadata.metadata === undefined) return [];
  const done = part.type === "reasoning-end" ? { done: true } : {};
  return [{ type: "reasoning", text: "", id: part.id, ...done, ...metadata }];
}

function metadataOf({ providerMetadata }: { readonly providerMetadata?: object | undefined }): {
  metadata?: ProviderMetadata;
} {
  return providerMetadata === undefined ? {} : { metadata: toJson(providerMetadata) as ProviderMetadata };
}

interface CallFields {
  readonly providerExecuted?: boolean | undefined;
  readonly dynamic?: boolean | undefined;
  readonly title?: string | undefined;
  readonly invalid?: boolean | undefined;
}

function callFields({
  providerExecuted,
  dynamic,
  title,
  invalid,
}: CallFields): Pick<ToolCallPart, "executor" | "dynamic" | "title"> {
  return {
    ...(providerExecuted === true ? { executor: "provider" } : {}),
    // The SDK takes every call that is not valid for a dynamic one.
    ...(dynamic === true && invalid !== true ? { dynamic } : {}),
    ...(title === undefined ? {} : { title }),
  };
}

type Source = Extract<LanguageModelV4StreamPart, { readonly type: "source" }>;

function sourceOf(part: Source): SourcePart {
  const { id, title } = part;
  const more = { ...(title === undefined ? {} : { title }), ...metadataOf(part) };
  if (part.sourceType === "url") return { type: "source", id, url: part.url, ...more };
  const name = part.filename === undefined ? {} : { name: part.filename };
  return { type: "source", id, mime: part.mediaType, ...name, ...more };
}

/** A call without arguments is often written as an empty string, which no client can parse. */
function callOf(id: string, name: string, written: string): ToolCallPart {
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
