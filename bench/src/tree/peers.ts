import { randomUUID } from "node:crypto";

import type { CoreHistory } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { emptyCheckpoint, uuid6 } from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import type { Pool } from "pg";

import { fillConversation, textOf } from "./fill.ts";

/** A store of one conversation of some length. */
export interface Store {
  readonly name: string;
  /** Adds one message. */
  append(): Promise<void>;
  /** Reads what an app shows when a conversation is opened. */
  open(): Promise<unknown>;
}

export interface StoreOptions {
  readonly pool: Pool;
  readonly url: string;
  readonly history: CoreHistory;
  readonly owner: Owner;
  /** How many messages each holds to begin with. */
  readonly count: number;
}

/** The same conversation in each store, in one database. */
export function openStores(options: StoreOptions): Promise<Store[]> {
  return Promise.all([openOurs(options), openCheckpoints(options), openArray(options)]);
}

async function openOurs({ history, url, owner, count }: StoreOptions): Promise<Store> {
  const id = `of-${count}`;
  await fillConversation(history, url, owner, id, count);
  return {
    name: "chatkeep",
    append: async () =>
      void (await history.appendMessages(owner, id, [{ role: "user", content: textOf(Math.random()) }])),
    open: () => history.listMessages(owner, id, { limit: 50 }),
  };
}

/** What LangGraph stores after each step of a graph whose state is `messages`, by its own package. */
async function openCheckpoints({ pool, count }: StoreOptions): Promise<Store> {
  const saver = new PostgresSaver(pool, undefined, { schema: "langgraph" });
  await saver.setup();
  const thread = { thread_id: `of-${count}`, checkpoint_ns: "" };
  const messages: BaseMessage[] = Array.from({ length: count }, (_, place) =>
    place % 2 === 0
      ? new HumanMessage({ id: `m${place}`, content: textOf(place) })
      : new AIMessage({ id: `m${place}`, content: textOf(place) }),
  );
  let version = 0;
  let parent: string | undefined;
  const put = async (): Promise<void> => {
    version += 1;
    const checkpoint = {
      ...emptyCheckpoint(),
      id: uuid6(version),
      channel_values: { messages },
      channel_versions: { messages: version },
    };
    await saver.put(
      { configurable: { ...thread, ...(parent === undefined ? {} : { checkpoint_id: parent }) } },
      checkpoint,
      { source: "loop", step: version, parents: {} },
      { messages: version },
    );
    parent = checkpoint.id;
  };
  await put();
  return {
    name: "LangGraph's checkpoints",
    append: async () => {
      messages.push(new HumanMessage({ id: randomUUID(), content: textOf(messages.length) }));
      await put();
    },
    open: () => saver.getTuple({ configurable: thread }),
  };
}

/** What AI SDK's guide to persistence does with a database: the whole array of messages is written each time. */
async function openArray({ pool, count }: StoreOptions): Promise<Store> {
  await pool.query("create table if not exists chats (id text primary key, messages jsonb not null)");
  const id = `of-${count}`;
  const message = (place: number): object => ({
    id: `m${place}`,
    role: place % 2 === 0 ? "user" : "assistant",
    parts: [{ type: "text", text: textOf(place) }],
  });
  const messages = Array.from({ length: count }, (_, place) => message(place));
  const save = async (): Promise<void> => {
    await pool.query({
      name: "save_chat",
      text: `insert into chats (id, messages) values ($1, $2)
             on conflict (id) do update set messages = excluded.messages`,
      values: [id, JSON.stringify(messages)],
    });
  };
  await save();
  return {
    name: "AI SDK's array",
    append: async () => {
      messages.push(message(messages.length));
      await save();
    },
    open: () =>
      pool.query({ name: "load_chat", text: "select messages from chats where id = $1", values: [id] }),
  };
}
