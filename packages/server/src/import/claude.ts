import type { Json, Part } from "@chatkeep/protocol";

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

/**
 * Claude's export: `conversations.json`, an array of conversations with `chat_messages`. Newer ones have
 * `parent_message_uuid`; older ones are a list. Text of attached documents is in the export, their files are not.
 */
export const claude: Reader = {
  name: "Claude",
  key: "claude",
  read(value) {
    const [id, given] = [text(value["uuid"]), value["chat_messages"]];
    if (id === undefined || !Array.isArray(given)) return undefined;
    let before: string | null = null;
    const messages = given.flatMap((one, place): ForeignMessage[] => {
      const message = object(one) ?? {};
      const own = text(message["uuid"]) ?? `${id} ${place}`;
      const parent = text(message["parent_message_uuid"]);
      const made: ForeignMessage = {
        id: own,
        parent: parent === undefined ? before : parent === ROOT ? null : parent,
        role: message["sender"] === "human" ? "user" : "assistant",
        parts: [...filesOf(message["files"]), ...documentsOf(message["attachments"]), ...contentOf(message)],
        createdAt: time(message["created_at"]),
      };
      before = own;
      return [made];
    });
    return {
      id,
      title: text(value["name"]) ?? null,
      createdAt: time(value["created_at"]),
      head: text(value["current_leaf_message_uuid"]) ?? messages.at(-1)?.id ?? null,
      rest: rest({
        project: object(value["project"])?.["uuid"],
        model: value["model"],
        summary: text(value["summary"]),
      }),
      messages,
    };
  },
};

const ROOT = "00000000-0000-4000-8000-000000000000";

function contentOf(message: { readonly [key: string]: Json }): Part[] {
  const blocks = list(message["content"]).flatMap((one, place): Part[] => {
    const block = object(one) ?? {};
    switch (block["type"]) {
      case "text":
        return textParts(text(block["text"]));
      case "thinking":
        return text(block["thinking"]) === undefined
          ? []
          : [{ type: "reasoning", text: text(block["thinking"])! }];
      case "tool_use":
        return [
          {
            type: "tool-call",
            id: text(block["id"]) ?? `call-${place}`,
            name: text(block["name"]) ?? "tool",
            arguments: JSON.stringify(block["input"] ?? {}),
            executor: "provider",
          },
        ];
      case "tool_result":
        return [
          {
            type: "tool-result",
            id: text(block["tool_use_id"]) ?? `call-${place - 1}`,
            result: block["content"] ?? null,
            ...(block["is_error"] === true ? { error: true } : {}),
          },
        ];
      default:
        return Object.keys(block).length === 0 ? [] : [{ type: "data", name: "claude", data: block }];
    }
  });
  return blocks.length > 0 ? blocks : textParts(text(message["text"]));
}

function filesOf(files: Json | undefined): Attachment[] {
  return attachmentsOf(files, (file) => {
    const name = text(file["file_name"]);
    return { key: text(file["file_uuid"]) ?? name, name };
  });
}

function documentsOf(attachments: Json | undefined): Part[] {
  return list(attachments).flatMap((one) => {
    const file = object(one) ?? {};
    const content = text(file["extracted_content"]);
    if (content === undefined) return [];
    const url = `data:text/plain;base64,${Buffer.from(content).toString("base64")}`;
    return [{ type: "file", url, mime: "text/plain", name: text(file["file_name"]) ?? "document.txt" }];
  });
}
