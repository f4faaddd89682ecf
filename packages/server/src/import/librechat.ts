import type { Json, JsonObject, Part } from "@chatkeep/protocol";

import { feedbackOf } from "./feedback.ts";
import {
  type Attachment,
  type ForeignMessage,
  type Reader,
  attachmentsOf,
  list,
  object,
  rest,
  text,
  textParts,
  time,
} from "./foreign.ts";

/** LibreChat's export of a conversation as JSON, with `recursive` or without. */
export const librechat: Reader = {
  name: "LibreChat",
  key: "librechat",
  read(value) {
    const given = value["messages"];
    const id = text(value["conversationId"]);
    if (id === undefined || !Array.isArray(given)) return undefined;
    const messages: ForeignMessage[] = [];
    const waiting = given.toReversed().map((message) => ({ message, parent: null as string | null }));
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const message = object(next.message) ?? {};
      const own = text(message["messageId"]) ?? `${id} ${messages.length}`;
      messages.push(messageOf(message, own, next.parent));
      for (const child of list(message["children"]).toReversed())
        waiting.push({ message: child, parent: own });
    }
    const options = object(value["options"]) ?? {};
    return {
      id,
      title: text(value["title"]) ?? null,
      createdAt: messages[0]?.createdAt ?? time(value["exportAt"]),
      head: messages.at(-1)?.id ?? null,
      rest: rest({ endpoint: value["endpoint"], model: options["model"] ?? value["model"] }),
      messages,
    };
  },
};

function messageOf(message: JsonObject, id: string, parent: string | null): ForeignMessage {
  const isUser = message["isCreatedByUser"] === true || message["sender"] === "User";
  const content = list(message["content"]).flatMap(partsOf);
  return {
    id,
    parent: text(message["parentMessageId"]) ?? parent,
    role: isUser ? "user" : "assistant",
    parts: [
      ...filesOf(message["files"]),
      ...(content.length > 0 ? content : textParts(text(message["text"]))),
    ],
    createdAt: time(message["createdAt"]),
    model: isUser ? null : (text(message["model"]) ?? null),
    status: !isUser && message["unfinished"] === true ? "interrupted" : "complete",
    feedback: feedbackOf(object(message["feedback"])),
    rest: rest({ error: message["error"] === true ? true : undefined }),
  };
}

function partsOf(given: Json): Part[] {
  const part = object(given) ?? {};
  const kind = text(part["type"]);
  if (kind === "text") return textParts(text(part["text"]) ?? text(object(part["text"])?.["value"]));
  if (kind === "think")
    return text(part["think"]) === undefined ? [] : [{ type: "reasoning", text: text(part["think"])! }];
  const call = kind === "tool_call" ? object(part["tool_call"]) : undefined;
  if (call === undefined) return [];
  const id = text(call["id"]) ?? "call";
  const args = call["args"];
  return [
    {
      type: "tool-call",
      id,
      name: text(call["name"]) ?? "tool",
      arguments: typeof args === "string" ? args : JSON.stringify(args ?? {}),
      executor: "provider",
    },
    ...(call["output"] === undefined ? [] : [{ type: "tool-result" as const, id, result: call["output"] }]),
  ];
}

function filesOf(files: Json | undefined): Attachment[] {
  return attachmentsOf(files, (file) => {
    const name = text(file["filename"]);
    return { key: text(file["file_id"]) ?? name, name, mime: text(file["type"]) };
  });
}
