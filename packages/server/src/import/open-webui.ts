import type { Json, JsonObject, Part } from "@chatkeep/protocol";

import { feedbackOf } from "./feedback.ts";
import {
  type Attachment,
  type ForeignMessage,
  type Reader,
  attachmentsOf,
  nameOf,
  list,
  object,
  rest,
  text,
  textParts,
  time,
} from "./foreign.ts";

/** Open WebUI's "Export All Chats": an array of chats, each with a tree in `chat.history`. */
export const openWebui: Reader = {
  name: "Open WebUI",
  key: "open-webui",
  read(value) {
    const chat = object(value["chat"]);
    if (chat === undefined) return undefined;
    const history = object(chat["history"]) ?? {};
    const tree = object(history["messages"]);
    const messages =
      tree === undefined
        ? list(chat["messages"]).map((message, place, all) =>
            messageOf(
              object(message) ?? {},
              String(place),
              place === 0 ? null : idOf(all[place - 1]!, place - 1),
            ),
          )
        : Object.entries(tree).map(([id, message]) => messageOf(object(message) ?? {}, id, null));
    return {
      id: text(value["id"]) ?? text(chat["id"]) ?? nameOf(chat["title"], chat["timestamp"]),
      title: text(value["title"]) ?? text(chat["title"]) ?? null,
      createdAt: time(value["created_at"] ?? chat["timestamp"]),
      archived: value["archived"] === true,
      pinned: value["pinned"] === true,
      head: text(history["currentId"]) ?? messages.at(-1)?.id ?? null,
      rest: rest({ tags: chat["tags"], folder_id: value["folder_id"], system: chat["system"] }),
      messages,
    };
  },
};

function idOf(message: Json, place: number): string {
  return text(object(message)?.["id"]) ?? String(place);
}

function messageOf(message: JsonObject, id: string, before: string | null): ForeignMessage {
  const role = message["role"];
  const content = text(message["content"]);
  const usage = object(message["usage"]);
  return {
    id: text(message["id"]) ?? id,
    parent: text(message["parentId"]) ?? before,
    role: role === "user" || role === "system" || role === "tool" ? role : "assistant",
    parts: [...filesOf(message["files"]), ...thoughtsOf(content), ...sourcesOf(message["sources"])],
    createdAt: time(message["timestamp"]),
    model: text(message["model"]) ?? null,
    status: role === "assistant" && message["done"] === false ? "interrupted" : "complete",
    feedback: feedbackOf(object(message["annotation"])),
    rest: rest({ error: message["error"], usage }),
  };
}

/** Reasoning is a `<details type="reasoning">` within the text. */
function thoughtsOf(content: string | undefined): Part[] {
  const found =
    /^\s*<details type="reasoning"[^>]*>\s*(?:<summary>[^<]*<\/summary>)?([^]*?)<\/details>\s*/.exec(
      content ?? "",
    );
  if (found === null) return textParts(content);
  const thought = found[1]!.trim().replaceAll(/^> ?/gm, "");
  return [
    ...(thought === "" ? [] : [{ type: "reasoning" as const, text: thought }]),
    ...textParts(content!.slice(found[0].length)),
  ];
}

/** Pictures are `data:` URLs; other files have an id. */
function filesOf(files: Json | undefined): (Part | Attachment)[] {
  return attachmentsOf(files, (file) => {
    const [url, name] = [text(file["url"]), text(file["name"])];
    return { key: text(file["id"]) ?? url ?? name, name };
  }).map((file) => {
    const mime = /^data:([^;,]+)/.exec(file.key)?.[1];
    const named = file.name === undefined ? {} : { name: file.name };
    return mime === undefined ? file : { type: "file", url: file.key, mime, ...named };
  });
}

function sourcesOf(sources: Json | undefined): Part[] {
  return list(sources).flatMap((one, place): Part[] => {
    const source = object(object(one)?.["source"]) ?? {};
    const [url, title] = [text(source["url"]), text(source["name"])];
    if (url === undefined && title === undefined) return [];
    return [
      {
        type: "source",
        id: url ?? String(place),
        ...(url === undefined ? { mime: "text/plain" } : { url }),
        ...(title === undefined ? {} : { title }),
      },
    ];
  });
}
