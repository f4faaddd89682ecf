import type { Json, JsonObject, Part, Role } from "@chatkeep/protocol";

import {
  type ForeignConversation,
  type ForeignMessage,
  list,
  object,
  rest,
  text,
  textParts,
} from "../foreign.ts";
import { type TableReader, quoted, rowsOf, timeOf } from "./table-reader.ts";

/** The table of LangChain's `PostgresChatMessageHistory`, and n8n's, which has the same form. */
export const langchain: TableReader = historyTable("LangChain", "langchain", "langchain_chat_histories");
export const n8n: TableReader = historyTable("n8n", "n8n", "n8n_chat_histories");

function historyTable(name: string, key: string, usual: string): TableReader {
  return {
    name,
    key,
    async *read({ table = usual, ...options }) {
      const from = quoted(table);
      const sessions = await rowsOf(
        options,
        `select json_build_object('id', session_id::text) as row from ${from} t
         where $1::text is null or session_id::text = $1 group by session_id order by min(id)`,
        [options.of ?? null],
      );
      for (const session of sessions) {
        const id = text(session["id"]) ?? "";
        const rows = await rowsOf(
          options,
          `select to_json(t) as row from ${from} t where session_id::text = $1 order by id`,
          [id],
        );
        yield conversationOf(id, rows);
      }
    },
  };
}

function conversationOf(id: string, rows: readonly JsonObject[]): ForeignConversation {
  let before: string | null = null;
  const messages = rows.flatMap((row): ForeignMessage[] => {
    const message = messageOf(row, before);
    before = message.id;
    return [message];
  });
  return { id, title: null, createdAt: messages[0]?.createdAt ?? null, head: before, messages };
}

const ROLES: Readonly<Record<string, Role>> = {
  human: "user",
  ai: "assistant",
  system: "system",
  tool: "tool",
  function: "tool",
};

function messageOf(row: JsonObject, parent: string | null): ForeignMessage {
  const whole = object(row["message"]) ?? {};
  // Older releases wrote `{ type, data }`; newer ones write the fields of `data` beside the type.
  const { type, data, ...fields } = whole;
  const {
    content,
    tool_calls: calls,
    tool_call_id: callId,
    response_metadata: response,
    ...others
  } = {
    ...fields,
    ...object(data),
  };
  const role = ROLES[text(type) ?? ""] ?? ROLES[text(fields["role"]) ?? ""] ?? "user";
  const id = text(callId);
  const result: Part[] = id === undefined ? [] : [{ type: "tool-result", id, result: content ?? null }];
  return {
    id: JSON.stringify(row["id"] ?? null),
    parent,
    role,
    parts: [...(role === "tool" && result.length > 0 ? result : contentOf(content)), ...callsOf(calls)],
    createdAt: timeOf(row["created_at"] ?? row["timestamp"]),
    model: text(object(response)?.["model_name"]) ?? text(object(response)?.["model"]) ?? null,
    rest: rest(Object.fromEntries(Object.entries(others).filter(([, value]) => !isEmpty(value)))),
  };
}

function isEmpty(value: Json): boolean {
  return value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

/** Text, or blocks of text, pictures and whatever a model's provider has. */
function contentOf(content: Json | undefined): Part[] {
  if (typeof content === "string") return textParts(text(content));
  return list(content).flatMap((one): Part[] => {
    if (typeof one === "string") return textParts(text(one));
    const block = object(one) ?? {};
    const url = block["image_url"];
    const address = text(url) ?? text(object(url)?.["url"]);
    switch (block["type"]) {
      case "text":
        return textParts(text(block["text"]));
      case "image_url":
        return address === undefined ? [] : [{ type: "file", url: address, mime: mimeOf(address) }];
      // They are in `tool_calls` too.
      case "tool_use":
        return [];
      default:
        return Object.keys(block).length === 0 ? [] : [{ type: "data", name: "langchain", data: block }];
    }
  });
}

function mimeOf(address: string): string {
  return /^data:([\w.+-]+\/[\w.+-]+)/.exec(address)?.[1] ?? "image/*";
}

function callsOf(calls: Json | undefined): Part[] {
  return list(calls).flatMap((one, place): Part[] => {
    const call = object(one) ?? {};
    return [
      {
        type: "tool-call",
        id: text(call["id"]) ?? `call-${place}`,
        name: text(call["name"]) ?? "tool",
        arguments: JSON.stringify(call["args"] ?? {}),
      },
    ];
  });
}
