import { contentOf } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import type { MessageRow } from "../database/rows.ts";
import { unescapeText } from "../database/values.ts";
import { embeddable } from "./vector.ts";

/** Stores the vectors of claimed items of one kind and owner, by their `keys`. */
export interface Store {
  put(number: number, keys: readonly Key[], vectors: readonly string[]): Promise<unknown>;
  /** Releases items to be claimed again after `pause` milliseconds; `null`: never. */
  postpone(keys: readonly Key[], pause: number | null): Promise<unknown>;
}

/** A conversation and a message number, or a document and a passage number. */
interface Key {
  readonly within: string;
  readonly place: number;
}

/** A claimed item. */
export interface Due {
  readonly key: Key;
  /** Empty if there is nothing to embed; `undefined` if its conversation is in the trash. */
  readonly text: string | undefined;
  readonly store: Store;
}

/** The result of a claim. */
export interface Claimed {
  readonly due: readonly Due[];
  /** Milliseconds until more may be due; `undefined` if nothing is left. */
  readonly wait: number | undefined;
}

/** The size of a claim and its lease in milliseconds. */
export interface Claim {
  readonly database: Database;
  readonly number: number;
  readonly lease: number;
  readonly most: number;
}

/** Claims messages; see SQL's `claim_message_vectors`. */
export async function claimMessages({ database, number, lease, most }: Claim): Promise<Claimed> {
  const [row] = await database.call("claim_message_vectors", { number, lease, page_limit: most });
  const claimed = (row?.claimed ?? []) as { owner_id: string; conversation_id: string; seq: number }[];
  const due: Due[] = [];
  // Texts are read as their owner, because the claim returns keys only.
  for (const [owner, rows] of Map.groupBy(claimed, ({ owner_id: id }) => id)) {
    const keys = rows.map(({ conversation_id: within, seq: place }): Key => ({ within, place }));
    const store = messageStore(database, owner);
    const [read] = await database.call("get_messages_by_seq", { owner, ...messagePlaces(keys) });
    const texts = new Map(
      ((read?.get_messages_by_seq ?? []) as MessageRow[]).map(({ conversation_id: within, seq, parts }) => [
        JSON.stringify([within, seq]),
        embeddable(contentOf(parts)),
      ]),
    );
    for (const key of keys) {
      due.push({ key, text: texts.get(JSON.stringify([key.within, key.place])), store });
    }
  }
  return { due, wait: row?.wait_ms ?? undefined };
}

function messageStore(database: Database, owner: string): Store {
  return {
    put: (number, keys, vectors) =>
      database.call("put_message_vectors", { owner, number, ...messagePlaces(keys), vectors }),
    postpone: (keys, pause) =>
      database.call("postpone_message_vectors", { owner, ...messagePlaces(keys), pause_ms: pause }),
  };
}

function messagePlaces(keys: readonly Key[]): { conversations: string[]; seqs: number[] } {
  return { conversations: keys.map(({ within }) => within), seqs: keys.map(({ place }) => place) };
}

/** Claims passages; see SQL's `claim_passage_vectors`. */
export async function claimPassages({ database, number, lease, most }: Claim): Promise<Claimed> {
  const [row] = await database.call("claim_passage_vectors", { number, lease, page_limit: most });
  const claimed = (row?.claimed ?? []) as { docs: string; path: string; position: number; text: string }[];
  const due = [...Map.groupBy(claimed, ({ docs }) => unescapeText(docs))].flatMap(([docs, rows]) => {
    const store = passageStore(database, docs);
    return rows.map(({ path, position, text }): Due => ({
      key: { within: unescapeText(path), place: position },
      text: embeddable(unescapeText(text)),
      store,
    }));
  });
  return { due, wait: row?.wait_ms ?? undefined };
}

function passageStore(database: Database, docs: string): Store {
  const placesOf = (keys: readonly Key[]): { docs: string[]; paths: string[]; positions: number[] } => ({
    docs: keys.map(() => docs),
    paths: keys.map(({ within }) => within),
    positions: keys.map(({ place }) => place),
  });
  return {
    put: (number, keys, vectors) =>
      database.call("put_passage_vectors", { number, ...placesOf(keys), vectors }),
    postpone: (keys, pause) =>
      database.call("postpone_passage_vectors", { ...placesOf(keys), pause_ms: pause }),
  };
}
