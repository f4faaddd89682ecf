import { DENIED, ResponderError, type ResponderEvent, citationFromWire } from "@chatkeep/protocol";

import { createCalls } from "./calls.ts";
import { toResponderError } from "./failure.ts";
import {
  type Item,
  type ItemReader,
  type Shape,
  itemIn,
  jsonOf,
  modelEvent,
  resultEvent,
  sourceEvent,
  textIn,
} from "./item.ts";

/** The types of `UIMessageChunk` and `TextStreamPart` that have no dash. */
const PLAIN = new Set(["start", "finish", "abort", "error", "source", "file", "raw"]);
const PREFIXES = /^(?:text|reasoning|tool|source|data|start|finish|message)-/;

/**
 * The AI SDK's UI message streams and `fullStream`s, versions 5 to 7. Source: `UIMessageChunk` and `TextStreamPart` of
 * the `ai` package.
 */
export const aiSdk: Shape = {
  matches: ({ type }) => typeof type === "string" && (PLAIN.has(type) || PREFIXES.test(type)),
  createReader: createAiSdkReader,
};

/** Also reads a provider's own parts (`LanguageModelV4StreamPart`). `model`: its name until it tells another. */
export function createAiSdkReader(model: unknown = ""): ItemReader {
  const calls = createCalls();
  /** The blocks that were begun, so that an empty one is not ended. */
  const blocks = new Set<string>();
  let name = model;
  let used: Tokens = {};

  const textEvents = (type: "text" | "reasoning", item: Item): ResponderEvent[] => {
    const text = textIn(item["delta"] ?? item["text"]);
    const id = textIn(item["id"]);
    const block = { type, ...(id === "" ? {} : { id }), ...metadataOf(item) };
    const done = textIn(item["type"]).endsWith("-end");
    if (text === "" && block.metadata === undefined && !(done && blocks.has(id))) return [];
    if (done) blocks.delete(id);
    else blocks.add(id);
    return [{ ...block, text, ...(done ? { done } : {}) }];
  };

  const read = (item: Item): ResponderEvent[] => {
    const id = item["toolCallId"] ?? item["id"];
    const metadata = metadataOf(item);
    switch (item["type"]) {
      case "text-start":
      case "text-delta":
      case "text-end":
        return textEvents("text", item);
      case "reasoning-start":
      case "reasoning-delta":
      case "reasoning-end":
        return textEvents("reasoning", item);
      case "start-step":
        return [{ type: "step" }];
      case "tool-input-start":
        calls.begin(id, item["toolName"], callFields(item));
        return [];
      case "tool-input-delta":
        return calls.write(id, item["inputTextDelta"] ?? item["delta"]);
      case "tool-input-available":
      case "tool-call":
        return calls.complete(id, item["toolName"], item["input"] ?? {}, callFields(item));
      case "tool-input-error":
        return [
          ...calls.complete(id, item["toolName"], item["input"] ?? {}, callFields(item)),
          resultEvent(id, item["errorText"], { error: true }),
        ];
      case "tool-output-available":
      case "tool-result": {
        const preliminary = item["preliminary"] === true ? { preliminary: true } : {};
        return [resultEvent(id, item["output"] ?? item["result"], { ...preliminary, ...metadata })];
      }
      case "tool-output-error":
      case "tool-error":
        return [resultEvent(id, item["errorText"] ?? messageOf(item["error"]), { error: true, ...metadata })];
      case "tool-output-denied":
        return [resultEvent(id, textIn(item["reason"]) || DENIED, { error: true, denied: true })];
      case "tool-approval-request":
      case "tool-approval-response":
        return approvalEvent(item);
      case "source-url":
      case "source-document":
      case "source": {
        const own = metadata.metadata?.["chatkeep"];
        if (own !== undefined) return [{ type: "citation", citation: citationFromWire(own) }];
        return sourceEvent({ ...item, id: item["sourceId"] ?? item["id"] }, metadata);
      }
      case "file":
        return [{ ...fileOf(item), ...metadata }];
      case "response-metadata":
        name = item["modelId"] ?? name;
        return [];
      case "finish-step":
        name = itemIn(item["response"])["modelId"] ?? name;
        used = sum(used, tokensOf(item["usage"]));
        // Known now, should a later step fail.
        return item["finishReason"] === "tool-calls" ? modelEvent(name, used) : [];
      case "finish":
        return modelEvent(name, item["totalUsage"] ?? tokensOf(item["usage"]));
      case "error":
        throw textIn(item["errorText"]) === "" ? toResponderError(item["error"] ?? item) : failed(item);
      case "abort":
        throw new ResponderError({ code: "model_error", detail: "The answer was cut off. Ask again." });
      default:
        return dataEvent(item);
    }
  };
  return { read };
}

function metadataOf({ providerMetadata }: Item): Attachment {
  return providerMetadata === undefined
    ? {}
    : { metadata: jsonOf(providerMetadata) as NonNullable<Attachment["metadata"]> };
}
type Attachment = Pick<Extract<ResponderEvent, { type: "source" }>, "metadata">;

function callFields(item: Item): object {
  const { providerExecuted, dynamic, title, invalid } = item;
  return {
    ...(providerExecuted === true ? { executor: "provider" } : {}),
    // The SDK takes every call that is not valid for a dynamic one.
    ...(dynamic === true && invalid !== true ? { dynamic } : {}),
    ...(typeof title === "string" ? { title } : {}),
    ...metadataOf(item),
  };
}

type Tokens = Readonly<
  Partial<
    Record<"inputTokens" | "outputTokens" | "cachedInputTokens" | "reasoningTokens", number | undefined>
  >
>;

/** Counts of a step. A provider's own are objects with a total and its parts. */
function tokensOf(usage: unknown): Tokens {
  const count = (...given: unknown[]): number | undefined => given.find((value) => typeof value === "number");
  const { inputTokens, outputTokens, ...more } = itemIn(usage);
  const [input, output] = [itemIn(inputTokens), itemIn(outputTokens)];
  const [read, written] = [itemIn(more["inputTokenDetails"]), itemIn(more["outputTokenDetails"])];
  return {
    inputTokens: count(inputTokens, input["total"]),
    outputTokens: count(outputTokens, output["total"]),
    cachedInputTokens: count(more["cachedInputTokens"], input["cacheRead"], read["cacheReadTokens"]),
    reasoningTokens: count(more["reasoningTokens"], output["reasoning"], written["reasoningTokens"]),
  };
}

function sum(before: Tokens, step: Tokens): Tokens {
  const add = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined ? b : a + (b ?? 0);
  return {
    inputTokens: add(before.inputTokens, step.inputTokens),
    outputTokens: add(before.outputTokens, step.outputTokens),
    cachedInputTokens: add(before.cachedInputTokens, step.cachedInputTokens),
    reasoningTokens: add(before.reasoningTokens, step.reasoningTokens),
  };
}

function approvalEvent(item: Item): ResponderEvent[] {
  const { approvalId, toolCallId, toolCall, approved, reason, isAutomatic, signature } = item;
  const id = textIn(approvalId);
  const why = typeof reason === "string" ? { reason } : {};
  if (typeof approved === "boolean") return [{ type: "approval", id, approved, ...why }];
  const call = textIn(toolCallId ?? itemIn(toolCall)["toolCallId"]);
  const automatic = typeof isAutomatic === "boolean" ? { automatic: isAutomatic } : {};
  const signed = typeof signature === "string" ? { signature } : {};
  return [{ type: "approval-request", id, call, ...why, ...automatic, ...signed }];
}

/** The text that the host chose for the person. */
function failed({ errorText }: Item): ResponderError {
  return new ResponderError({ code: "model_error", detail: textIn(errorText) });
}

function messageOf(error: unknown): unknown {
  return error instanceof Error ? error.message : error;
}

function fileOf(item: Item): Extract<ResponderEvent, { type: "file" }> {
  // A generated file has getters; a provider's own has its bytes or text in `data`.
  const { mediaType, base64 } = itemIn(item["file"] ?? item);
  const { data = base64, url = item["url"] } = itemIn(item["data"]);
  const text = data instanceof Uint8Array ? Buffer.from(data).toString("base64") : textIn(data);
  const mime = textIn(mediaType);
  const address = url instanceof URL ? url.href : textIn(url);
  return { type: "file", url: address || `data:${mime};base64,${text}`, mime };
}

function dataEvent({ type, data, id, transient }: Item): ResponderEvent[] {
  const [, name] = /^data-(.+)$/s.exec(textIn(type)) ?? [];
  if (name === undefined) return [];
  const more = { ...(typeof id === "string" ? { id } : {}), ...(transient === true ? { transient } : {}) };
  return [{ type: "data", name, data: jsonOf(data), ...more }];
}
