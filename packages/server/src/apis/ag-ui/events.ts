import {
  type Chunk,
  type FollowOptions,
  type Json,
  type JsonObject,
  type SeenEvent,
  type TurnEvent,
  contentOf,
  eventId,
} from "@chatkeep/protocol";

/** An event of AG-UI; `@ag-ui/core` has its types. */
export type AgUiEvent = { readonly type: string } & JsonObject;

/** The ids of a run, as its client gave them. */
export interface RunIds {
  readonly threadId: string;
  readonly runId: string;
}

/** A run and the version of AG-UI that its client speaks; clients before 1.0 do not tell theirs. */
export interface Run {
  readonly ids: RunIds;
  readonly version: string | undefined;
}

/** The data parts that hold events as they are, by name. A client fails on an event that lacks a field. */
const KEPT: Readonly<
  Record<string, { readonly type: string; readonly isWhole: (event: JsonObject) => boolean }>
> = {
  "ag-ui-activity": {
    type: "ACTIVITY_SNAPSHOT",
    isWhole: (event) => isActivity(event) && isObject(event["content"]),
  },
  "ag-ui-activity-delta": {
    type: "ACTIVITY_DELTA",
    isWhole: (event) => isActivity(event) && Array.isArray(event["patch"]),
  },
  "ag-ui-raw": { type: "RAW", isWhole: ({ event }) => event !== undefined },
};

interface OpenCall {
  /** The arguments since the last start, and how much of them was sent. */
  text: string;
  sent: string;
}

/**
 * Converts the chunks of one answer to AG-UI's events. The answer is one message until a tool's result, and another after
 * it, as AG-UI has no results within a message. Ids are made from the answer's, so a reload finds them again.
 */
export function createEventEncoder(run: Run): (chunk: Chunk) => AgUiEvent[] {
  let replyId = "";
  let count = 0;
  /** The message that calls belong to: the text before them. */
  let current: string | undefined;
  /** The message of each open block. */
  const blocks = new Map<string, string>();
  const calls = new Map<string, OpenCall>();
  const pending = new Set<string>();
  const interrupts: JsonObject[] = [];
  let usage: Json = [];
  let failure: JsonObject = {};
  /** The first message has the answer's id. */
  const nextId = (): string => (++count === 1 ? replyId : `${replyId}.${count}`);
  const open = (block: string): string => {
    const id = nextId();
    blocks.set(block, id);
    return id;
  };
  const messageOf = ({ id }: { readonly id: string }): string => blocks.get(id) ?? "";

  const argumentsEvents = (id: string): AgUiEvent[] => {
    const call = calls.get(id);
    if (call === undefined || !call.text.startsWith(call.sent) || call.text === call.sent) return [];
    const delta = call.text.slice(call.sent.length);
    call.sent = call.text;
    return [{ type: "TOOL_CALL_ARGS", toolCallId: id, delta }];
  };

  const startCall = (id: string, name: string): AgUiEvent[] => {
    const call = calls.get(id);
    pending.add(id);
    // Some models announce a call without arguments and then send them whole.
    if (call !== undefined) {
      call.text = "";
      return [];
    }
    calls.set(id, { text: "", sent: "" });
    current ??= nextId();
    return [{ type: "TOOL_CALL_START", toolCallId: id, toolCallName: name, parentMessageId: current }];
  };

  const result = (id: string, content: string): AgUiEvent[] => {
    pending.delete(id);
    current = undefined;
    return [{ type: "TOOL_CALL_RESULT", messageId: nextId(), toolCallId: id, content, role: "tool" }];
  };

  /** Ends calls that broke off: a client refuses the end of a run before theirs. */
  const endCalls = (): AgUiEvent[] => {
    const ids = [...calls.keys()];
    calls.clear();
    return ids.map((toolCallId) => ({ type: "TOOL_CALL_END", toolCallId }));
  };

  return (chunk) => {
    switch (chunk.type) {
      case "start":
        replyId = chunk.messageId;
        return [{ ...runStarted(run), metadata: { chatkeep: chunk.messageMetadata } }];
      case "text-start":
        current = open(chunk.id);
        return [{ type: "TEXT_MESSAGE_START", messageId: current, role: "assistant" }];
      case "text-delta":
        if (chunk.delta === "") return [];
        return [{ type: "TEXT_MESSAGE_CONTENT", messageId: messageOf(chunk), delta: chunk.delta }];
      case "text-end":
        return [{ type: "TEXT_MESSAGE_END", messageId: messageOf(chunk) }];
      case "reasoning-start": {
        const messageId = open(chunk.id);
        return [
          { type: "REASONING_START", messageId },
          { type: "REASONING_MESSAGE_START", messageId, role: "reasoning" },
        ];
      }
      case "reasoning-delta":
        if (chunk.delta === "") return [];
        return [{ type: "REASONING_MESSAGE_CONTENT", messageId: messageOf(chunk), delta: chunk.delta }];
      case "reasoning-end":
        return [
          { type: "REASONING_MESSAGE_END", messageId: messageOf(chunk) },
          { type: "REASONING_END", messageId: messageOf(chunk) },
        ];
      case "tool-input-start":
        return startCall(chunk.toolCallId, chunk.toolName);
      case "tool-input-delta": {
        const call = calls.get(chunk.toolCallId);
        if (call !== undefined) call.text += chunk.inputTextDelta;
        return argumentsEvents(chunk.toolCallId);
      }
      case "tool-input-available":
      case "tool-input-error":
        calls.delete(chunk.toolCallId);
        return [{ type: "TOOL_CALL_END", toolCallId: chunk.toolCallId }];
      case "tool-output-available":
        if (chunk.preliminary === true) return [];
        return result(
          chunk.toolCallId,
          contentOf([{ type: "tool-result", id: chunk.toolCallId, result: chunk.output }]),
        );
      case "tool-output-error":
        return result(chunk.toolCallId, chunk.errorText);
      case "tool-output-denied":
        return result(chunk.toolCallId, chunk.reason ?? "Denied.");
      case "tool-approval-request":
        interrupts.push({
          id: chunk.approvalId,
          reason: "tool_approval",
          toolCallId: chunk.toolCallId,
          ...(chunk.reason === undefined ? {} : { message: chunk.reason }),
        });
        return [];
      case "message-metadata": {
        const { error, usage: counts, model } = chunk.messageMetadata;
        if (isObject(error)) failure = error;
        if (isObject(counts)) usage = [usageOf(counts, model)];
        return [];
      }
      case "finish":
        return [...endCalls(), { ...runFinished(run, outcomeOf(interrupts, pending)), usage }];
      case "abort":
        return [...endCalls(), { ...runFinished(run, { type: "cancelled" }), usage }];
      case "error":
        return [{ type: "RUN_ERROR", message: chunk.errorText, code: failure["code"] ?? "model_error" }];
      case "start-step":
        return [];
      default:
        return dataEvents(chunk);
    }
  };
}

export function runStarted({ ids, version }: Run): AgUiEvent {
  return { type: "RUN_STARTED", ...ids, ...(isBefore1(version) ? {} : { protocolVersion: "1.0" }) };
}

/** Clients before 1.0 fail on an outcome that they do not know; without one, the run is complete. */
export function runFinished({ ids, version }: Run, outcome: JsonObject): AgUiEvent {
  const isKnown = !isBefore1(version) || outcome["type"] === "interrupt";
  return { type: "RUN_FINISHED", ...ids, ...(isKnown && { outcome }) };
}

function isBefore1(version: string | undefined): boolean {
  return version === undefined || version.startsWith("0.");
}

/** What a run waits for: approvals, or results of the client's tools. */
export function outcomeOf(interrupts: readonly JsonObject[], pending: Iterable<string>): JsonObject {
  if (interrupts.length > 0) return { type: "interrupt", interrupts: [...interrupts] };
  return { type: "success", pendingToolCallIds: [...pending] };
}

function usageOf(counts: JsonObject, model: Json | undefined): JsonObject {
  const { input_tokens: inputTokens, output_tokens: outputTokens, total_tokens: totalTokens } = counts;
  const fields = Object.entries({ model, inputTokens, outputTokens, totalTokens });
  return Object.fromEntries(
    fields.filter(([, value]) => value !== null && value !== undefined),
  ) as JsonObject;
}

function dataEvents(chunk: Chunk): AgUiEvent[] {
  const { type, ...value } = chunk as { type: string } & JsonObject;
  const name = type.startsWith("data-") ? type.slice("data-".length) : type;
  const data = type.startsWith("data-") ? (value["data"] ?? null) : value;
  if (name === "ag-ui-state") return [{ type: "STATE_SNAPSHOT", snapshot: data }];
  if (name === "ag-ui-state-delta" && Array.isArray(data)) return [{ type: "STATE_DELTA", delta: data }];
  const kept = Object.hasOwn(KEPT, name) ? KEPT[name] : undefined;
  if (kept !== undefined && isObject(data) && kept.isWhole(data)) return [{ ...data, type: kept.type }];
  return [{ type: "CUSTOM", name, value: data }];
}

function isActivity({ messageId, activityType }: JsonObject): boolean {
  return typeof messageId === "string" && messageId !== "" && typeof activityType === "string";
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Formats the events of a turn as frames. Of the frames that come from one event only the last has its number: a reader
 * that resumes there has seen all of them, and TanStack AI's client skips a second frame with one id.
 */
export async function* agUiFrames(
  events: AsyncIterable<TurnEvent>,
  encode: (chunk: Chunk) => AgUiEvent[],
): AsyncGenerator<string, void, void> {
  for await (const event of events) {
    const frames = encode(event.chunk).map((encoded, at, all) =>
      at === all.length - 1 ? frameOf(encoded, event) : frameOf(encoded),
    );
    if (frames.length > 0) yield frames.join("");
  }
}

/** Formats the events after the last one that a reader has seen. Earlier events are encoded too, and not sent. */
export async function* agUiFramesAfter(
  after: number | SeenEvent,
  events: AsyncIterable<TurnEvent>,
  follow: (options: FollowOptions) => AsyncIterable<TurnEvent>,
  encode: (chunk: Chunk) => AgUiEvent[],
): AsyncGenerator<string, void, void> {
  for await (const { seq, chunk } of events) {
    encode(chunk);
    if (seq >= (typeof after === "number" ? after : after.seq)) break;
  }
  yield* agUiFrames(follow({ after }), encode);
}

export function frameOf(event: AgUiEvent, source?: TurnEvent): string {
  return `${source === undefined ? "" : `id: ${eventId(source)}\n`}data: ${JSON.stringify(event)}\n\n`;
}
