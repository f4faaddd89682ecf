import type { Feedback, JsonObject, Part } from "@chatkeep/protocol";

import { type ForeignMessage, list, object, rest, text, textParts } from "../foreign.ts";
import { type TableReader, onlyOwner, rowsOf, timeOf } from "./table-reader.ts";

/** The tables of vercel/chatbot: `Chat`, `Message_v2` with the AI SDK's parts, and `Vote_v2`. */
export const chatbot: TableReader = {
  name: "vercel/chatbot",
  key: "chatbot",
  async *read(options) {
    const of = [options.of ?? null];
    onlyOwner(
      await rowsOf(options, `select distinct jsonb_build_object('id', "userId") as row from "Chat"`, []),
      options.of,
    );
    const chats = await rowsOf(
      options,
      `select to_json(c) as row from "Chat" c where $1::text is null or "userId"::text = $1 order by "createdAt", id`,
      of,
    );
    for (const chat of chats) {
      const id = text(chat["id"]) ?? "";
      const rows = await rowsOf(
        options,
        `select to_json(m) as row from "Message_v2" m where "chatId"::text = $1 order by "createdAt", id`,
        [id],
      );
      const votes = await rowsOf(
        options,
        `select to_json(v) as row from "Vote_v2" v where "chatId"::text = $1`,
        [id],
      );
      const ratings = new Map(votes.map((vote) => [text(vote["messageId"]) ?? "", ratingOf(vote)]));
      let before: string | null = null;
      const messages = rows.map((row): ForeignMessage => {
        const own = text(row["id"]) ?? "";
        const message = messageOf(row, own, before, ratings.get(own));
        before = own;
        return message;
      });
      yield {
        id,
        title: text(chat["title"]) ?? null,
        createdAt: timeOf(chat["createdAt"]),
        head: before,
        rest: rest({ visibility: chat["visibility"] }),
        messages,
      };
    }
  },
};

function ratingOf(vote: JsonObject): Feedback {
  return { rating: vote["isUpvoted"] === true ? "up" : "down", comment: null };
}

function messageOf(
  row: JsonObject,
  id: string,
  parent: string | null,
  feedback: Feedback | undefined,
): ForeignMessage {
  const attached = list(row["attachments"]).flatMap((one): Part[] => {
    const { url, contentType, name } = object(one) ?? {};
    return text(url) === undefined ? [] : [filePart(text(url)!, text(contentType), text(name))];
  });
  return {
    id,
    parent,
    role: row["role"] === "assistant" ? "assistant" : row["role"] === "system" ? "system" : "user",
    parts: [...attached, ...list(row["parts"]).flatMap((part) => partsOf(object(part) ?? {}))],
    createdAt: timeOf(row["createdAt"]),
    feedback,
  };
}

function filePart(url: string, mime: string | undefined, name: string | undefined): Part {
  return {
    type: "file",
    url,
    mime: mime ?? "application/octet-stream",
    ...(name === undefined ? {} : { name }),
  };
}

function partsOf(part: JsonObject): Part[] {
  const type = text(part["type"]) ?? "";
  const url = text(part["url"]);
  if (type === "text") return textParts(text(part["text"]));
  if (type === "reasoning") return [{ type, text: text(part["text"]) ?? text(part["reasoning"]) ?? "" }];
  if (type === "step-start") return [{ type: "step" }];
  if (type === "file" && url !== undefined) {
    return [filePart(url, text(part["mediaType"]), text(part["filename"]) ?? text(part["name"]))];
  }
  if (type === "source-url" && url !== undefined) {
    const title = text(part["title"]);
    return [
      { type: "source", id: text(part["sourceId"]) ?? url, url, ...(title === undefined ? {} : { title }) },
    ];
  }
  const id = text(part["toolCallId"]);
  const name = type === "dynamic-tool" ? text(part["toolName"]) : /^tool-(.+)$/.exec(type)?.[1];
  if (id === undefined || name === undefined)
    return type === "" ? [] : [{ type: "data", name: "chatbot", data: part }];
  return [
    { type: "tool-call", id, name, arguments: JSON.stringify(part["input"] ?? {}) },
    ...resultOf(part, id),
  ];
}

function resultOf(part: JsonObject, id: string): Part[] {
  if (part["state"] === "output-available")
    return [{ type: "tool-result", id, result: part["output"] ?? null }];
  if (part["state"] !== "output-error") return [];
  return [{ type: "tool-result", id, result: text(part["errorText"]) ?? "", error: true }];
}
