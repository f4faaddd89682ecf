import { type JsonObject, type Message, type Part, answerChunks } from "@chatkeep/protocol";

import { type AgUiEvent, createEventEncoder } from "./events.ts";
import { questionOf } from "./question.ts";

/** A message of AG-UI; `@ag-ui/core` has its types. */
export type AgUiMessage = { id: string; role: string } & JsonObject;

/** Converts stored messages. An answer is what its stream's events make of it, so a reload equals the live stream. */
export function agUiMessagesOf(messages: readonly Message[]): AgUiMessage[] {
  return messages.flatMap((message): AgUiMessage[] => {
    const { id, role, content, parts } = message;
    if (role === "assistant") return foldEvents(answerEvents(message));
    if (role === "tool")
      return parts.flatMap((part) =>
        resultOf(part, parts.length === 1 ? id : `${id}.${part.type === "tool-result" ? part.id : ""}`),
      );
    return [{ id, role, ...questionOf({ content, parts }) }];
  });
}

/** The events that change the state of the agent, since its last snapshot. */
export function stateEventsOf(messages: readonly Message[]): AgUiEvent[] {
  const events = messages.flatMap(answerEvents).filter(({ type }) => type.startsWith("STATE_"));
  return events.slice(
    Math.max(
      0,
      events.findLastIndex(({ type }) => type === "STATE_SNAPSHOT"),
    ),
  );
}

/** The changes of activities since the last snapshot of each, which is among the messages. */
export function activityEventsOf(messages: readonly Message[]): AgUiEvent[] {
  const whole = new Set<unknown>();
  return messages
    .flatMap(answerEvents)
    .toReversed()
    .filter(({ type, messageId }) => {
      if (type === "ACTIVITY_SNAPSHOT") whole.add(messageId);
      return type === "ACTIVITY_DELTA" && !whole.has(messageId);
    })
    .toReversed();
}

function answerEvents(message: Message): AgUiEvent[] {
  if (message.role !== "assistant") return [];
  const encode = createEventEncoder({ ids: { threadId: "", runId: "" }, version: undefined });
  encode({ type: "start", messageId: message.id, messageMetadata: {} });
  return [...answerChunks(message)].flatMap(encode);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** As `@ag-ui/client` applies the events. */
function foldEvents(events: readonly AgUiEvent[]): AgUiMessage[] {
  const messages: AgUiMessage[] = [];
  const calls = new Map<unknown, { arguments: string }>();
  const find = (id: unknown): AgUiMessage | undefined => messages.find((message) => message.id === id);
  for (const event of events) {
    const id = textOf(event["messageId"] ?? event["parentMessageId"] ?? "");
    switch (event.type) {
      case "TEXT_MESSAGE_START": {
        const message = find(id);
        if (message === undefined) messages.push({ id, role: "assistant", content: "" });
        else message["content"] ??= "";
        break;
      }
      case "REASONING_MESSAGE_START":
        messages.push({ id, role: "reasoning", content: "" });
        break;
      case "TEXT_MESSAGE_CONTENT":
      case "REASONING_MESSAGE_CONTENT": {
        const message = find(id);
        if (message !== undefined)
          message["content"] = `${textOf(message["content"])}${textOf(event["delta"])}`;
        break;
      }
      case "TOOL_CALL_START": {
        const called = { name: event["toolCallName"] ?? "", arguments: "" };
        const call = { id: event["toolCallId"] ?? "", type: "function", function: called };
        calls.set(event["toolCallId"], called);
        const message = find(id);
        if (message === undefined) messages.push({ id, role: "assistant", toolCalls: [call] });
        else message["toolCalls"] = [...((message["toolCalls"] ?? []) as JsonObject[]), call];
        break;
      }
      case "TOOL_CALL_ARGS": {
        const called = calls.get(event["toolCallId"]);
        if (called !== undefined) called.arguments += textOf(event["delta"]);
        break;
      }
      case "ACTIVITY_SNAPSHOT": {
        const { activityType = "", content = {}, replace } = event;
        const message = find(id);
        if (message === undefined) messages.push({ id, role: "activity", activityType, content });
        else if (replace !== false) Object.assign(message, { activityType, content });
        break;
      }
      case "TOOL_CALL_RESULT": {
        const { toolCallId = "", content = "" } = event;
        const caller = messages.findIndex(({ toolCalls }) =>
          ((toolCalls ?? []) as JsonObject[]).some((call) => call["id"] === toolCallId),
        );
        // A client puts results behind the message of their calls, whatever came between.
        let at = caller < 0 ? messages.length : caller + 1;
        while (messages[at]?.role === "tool") at++;
        messages.splice(at, 0, { id, role: "tool", toolCallId, content });
        break;
      }
    }
  }
  return messages;
}

function resultOf(part: Part, id: string): AgUiMessage[] {
  if (part.type !== "tool-result") return [];
  const content = typeof part.result === "string" ? part.result : JSON.stringify(part.result);
  return [
    {
      id,
      role: "tool",
      toolCallId: part.id,
      content,
      ...(part.error === true && { error: content }),
    },
  ];
}
