import type { Feedback, JsonObject, Part, Role } from "@chatkeep/protocol";

import { type ForeignMessage, list, rest, text, textParts } from "../foreign.ts";
import { type TableReader, onlyOwner, rowsOf, timeOf } from "./table-reader.ts";

/** The tables of Chainlit's SQLAlchemy data layer: `threads`, `steps` and `feedbacks`. */
export const chainlit: TableReader = {
  name: "Chainlit",
  key: "chainlit",
  async *read(options) {
    const owners = `select distinct jsonb_build_object('id', coalesce("userIdentifier", "userId"::text)) as row from threads`;
    onlyOwner(await rowsOf(options, owners, []), options.of);
    const threads = await rowsOf(
      options,
      `select to_json(t) as row from threads t
       where $1::text is null or "userIdentifier" = $1 or "userId"::text = $1 order by "createdAt", id`,
      [options.of ?? null],
    );
    for (const thread of threads) {
      const id = text(thread["id"]) ?? "";
      const steps = await rowsOf(
        options,
        `select to_json(s) as row from steps s where "threadId"::text = $1 order by "createdAt", "start", id`,
        [id],
      );
      const given = await rowsOf(
        options,
        `select to_json(f) as row from feedbacks f where f."forId" in (select s.id from steps s where s."threadId"::text = $1)`,
        [id],
      );
      const ratings = new Map(given.map((one) => [text(one["forId"]) ?? "", ratingOf(one)]));
      let before: string | null = null;
      const messages = steps.flatMap((step): ForeignMessage[] => {
        const message = messageOf(step, before, ratings.get(text(step["id"]) ?? ""));
        if (message === undefined) return [];
        before = message.id;
        return [message];
      });
      yield {
        id,
        title: text(thread["name"]) ?? null,
        createdAt: timeOf(thread["createdAt"]),
        tags: list(thread["tags"]).flatMap((tag) => text(tag) ?? []),
        head: before,
        rest: rest({ metadata: thread["metadata"] }),
        messages,
      };
    }
  },
};

function ratingOf({ value, comment }: JsonObject): Feedback {
  return { rating: Number(value) > 0 ? "up" : "down", comment: text(comment) ?? null };
}

const ROLES: Readonly<Record<string, Role>> = {
  user_message: "user",
  assistant_message: "assistant",
  system_message: "system",
};

/** A step that is a message or a tool's call. Others, such as runs, hold these. */
function messageOf(
  step: JsonObject,
  parent: string | null,
  feedback: Feedback | undefined,
): ForeignMessage | undefined {
  const type = text(step["type"]) ?? "";
  const id = text(step["id"]) ?? "";
  const role = ROLES[type] ?? (type === "tool" ? "assistant" : undefined);
  if (role === undefined) return undefined;
  return {
    id,
    parent,
    role,
    parts: type === "tool" ? callOf(step, id) : textParts(text(step["output"])),
    createdAt: timeOf(step["createdAt"]),
    feedback,
  };
}

function callOf(step: JsonObject, id: string): Part[] {
  const isError = step["isError"] === true ? ({ error: true } as const) : {};
  return [
    {
      type: "tool-call",
      id,
      name: text(step["name"]) ?? "tool",
      arguments: text(step["input"]) ?? "{}",
      executor: "provider",
    },
    { type: "tool-result", id, result: text(step["output"]) ?? "", ...isError },
  ];
}
