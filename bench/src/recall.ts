import { readFile } from "node:fs/promises";

import { createHistory, createPool, migrate } from "@chatkeep/core";
import type { MessageInput, Owner, Role } from "@chatkeep/protocol";
import { temporaryHome } from "@chatkeep/testing";
import { openEmbeddedDatabase } from "chatkeep/embedded";

import type { Measure } from "./measure.ts";
import { createBm25 } from "./recall/bm25.ts";
import { type Score, scoreRankings } from "./recall/score.ts";

/** A set of conversations, and questions with the messages that answer them. */
export interface RecallSet {
  readonly conversations: readonly {
    readonly id: string;
    readonly messages: readonly {
      readonly id: string;
      readonly role: string;
      readonly text: string;
      readonly at?: string;
    }[];
  }[];
  readonly questions: readonly {
    readonly conversation: string;
    readonly text: string;
    readonly evidence: readonly string[];
  }[];
}

/**
 * The sets that are measured when no file is named, plays with questions of our own: that on which the constants of
 * the ranking were chosen, and one that was made after it and that nothing is ever chosen on.
 */
const OWN_SETS = [
  ["chosen on", new URL("../data/earnest.json", import.meta.url)],
  ["held out", new URL("../data/pygmalion.json", import.meta.url)],
] as const;
/** How many messages are ranked for a question. */
const DEPTH = 20;

const silent = { info: () => undefined, error: () => undefined };

/** Our recall over the messages of a set, side by side with BM25 over the same messages. */
export async function* measureRecall(file: string | undefined): AsyncGenerator<Measure> {
  if (file !== undefined) return yield* measureSet(file, "");
  for (const [what, own] of OWN_SETS) yield* measureSet(own, ` (${what})`);
}

async function* measureSet(file: string | URL, label: string): AsyncGenerator<Measure> {
  const set = JSON.parse(await readFile(file, "utf8")) as RecallSet;
  await using home = temporaryHome();
  await using database = await openEmbeddedDatabase({ home: home.path, log: silent });
  const pool = createPool(database.url);
  try {
    await migrate(pool);
    await using history = createHistory({ pool });
    const owner: Owner = { kind: "user", id: "recall" };
    const ours: string[][] = [];
    const theirs: string[][] = [];
    const ids = new Map<string, string>();
    const numbers = new Map<string, readonly string[]>();
    const plain = new Map<string, ReturnType<typeof createBm25>>();
    for (const { id, messages } of set.conversations) {
      const { conversation } = await history.createConversation(owner);
      ids.set(id, conversation.id);
      numbers.set(
        id,
        messages.map((message) => message.id),
      );
      plain.set(id, createBm25(messages.map(({ text }) => text)));
      const inputs = messages.map(({ role, text }) => inputOf(role, text));
      for (let at = 0; at < inputs.length; at += 500) {
        await history.appendMessages(owner, conversation.id, inputs.slice(at, at + 500));
      }
    }
    for (const { conversation, text } of set.questions) {
      const named = numbers.get(conversation) ?? [];
      const found = await history.recallMessages({
        owner,
        conversationId: ids.get(conversation) ?? "",
        question: text,
        limit: DEPTH,
      });
      ours.push(found.map(({ seq }) => named[seq - 1] ?? ""));
      theirs.push((plain.get(conversation)?.(text, DEPTH) ?? []).map((index) => named[index] ?? ""));
    }
    const evidence = set.questions.map((question) => new Set(question.evidence));
    yield* compared(scoreRankings(ours, evidence), scoreRankings(theirs, evidence), label);
  } finally {
    await pool.end();
  }
}

function* compared(ours: Score, theirs: Score, label: string): Generator<Measure> {
  for (const [name, value] of Object.entries(ours)) {
    const limit = theirs[name as keyof Score];
    yield { name: `${name}, against BM25${label}`, value, unit: "", limit, ratio: value / limit };
  }
}

/** A message of any role, blank ones too: what counts is that the numbers are the set's. */
function inputOf(role: string, text: string): MessageInput {
  const known: readonly string[] = ["user", "assistant", "system"] satisfies Role[];
  const content = text.trim() === "" ? "…" : text.slice(0, 10_000);
  return { role: known.includes(role) ? (role as Role) : "user", content };
}
