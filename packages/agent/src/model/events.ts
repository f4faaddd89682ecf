import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { createAiSdkReader } from "@chatkeep/core";
import type { ResponderEvent, ToolResultPart } from "@chatkeep/protocol";
import type { TextStreamPart, ToolSet } from "ai";

/** Converts one part of a stream to events. The caller handles `error` and `abort` parts. */
export type EventReader<Part> = (part: Part) => ResponderEvent[];

/** Reads a provider's stream of a model without tools. A tool that it calls nevertheless does not exist. */
export function createCallReader(model: string): EventReader<LanguageModelV4StreamPart> {
  const read = createReader(model);
  return (part) => {
    const events = read(part);
    if (part.type === "tool-call" && part.providerExecuted !== true)
      events.push(failed(part.toolCallId, missingTool(part.toolName)));
    return events;
  };
}

/** Reads the stream of a model with tools. Tells the model in plain words why a call was not made. */
export function createEventReader(model: string): EventReader<TextStreamPart<ToolSet>> {
  const read = createReader(model);
  const refusals = new Map<string, string>();

  return (part) => {
    switch (part.type) {
      case "tool-call":
        if (part.invalid === true) refusals.set(part.toolCallId, refusalOf(part.toolName, part.error));
        return read(part);
      case "tool-error": {
        const { toolCallId: id, toolName, error } = part;
        return [failed(id, refusals.get(id) ?? sentenceOf(toolName, error))];
      }
      case "tool-result":
        // Each tool runs as a generator, whose last value comes twice.
        return part.preliminary === true ? [] : read(part);
      default:
        return read(part);
    }
  };
}

/** Reads texts without their ids: the text of an earlier attempt goes on, and that around citations has none. */
function createReader(model: string): EventReader<{ readonly type: string }> {
  const { read } = createAiSdkReader(model);
  return (part) => {
    // Where steps begin is told by their results.
    if (part.type === "start-step") return [];
    return read(part.type.startsWith("text-") ? { ...part, id: "" } : part);
  };
}

function failed(id: string, result: string): ToolResultPart {
  return { type: "tool-result", id, result, error: true };
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
