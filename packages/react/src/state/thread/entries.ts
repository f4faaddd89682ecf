import { type Message, type Part, readToken } from "@chatkeep/protocol";

import { type Entry, isShownInPlace } from "./entry.ts";
import { upTo } from "./messages.ts";
import { type LiveTurn, type Question, type ThreadModel, isReply, loadedOf, partsOf } from "./model.ts";

/**
 * Makes the function that builds what is shown of a conversation, oldest first: the stored messages by `seq`; in place
 * of a streaming answer the one that its events tell, once it has caught up; then what is not stored yet, each question
 * followed by its answer. An entry stays the same object until it changes, so that it is not rendered again.
 */
export function createEntries(): (model: ThreadModel) => readonly Entry[] {
  const ofMessage = remembered<Message, Entry>((message) => ({
    ...message,
    continuations: [],
    delivery: "saved",
  }));
  const join = createJoin();
  const ofQuestion = remembered(questionEntry);
  const ofToken = remembered(unsavedEntry);
  const ofTurn = remembered(answerEntry);

  return (model) => {
    const { hasNewer, list } = loadedOf(model);
    const version = model.questions.find(
      ({ replaces, delivery }) => replaces !== null && isShownInPlace(delivery),
    );
    const turns = hasNewer ? [] : model.turns;
    // A stored question that is answered again: what follows it belongs to the old answer.
    const again = list.findIndex(({ id }, index) =>
      turns.some((turn) => turn.questionId === id && list[index + 1]?.id !== turn.replyId),
    );
    const stored = hasNewer
      ? list
      : again >= 0
        ? list.slice(0, again + 1)
        : upTo(list, version?.replaces?.id);
    const questions = hasNewer ? [] : model.questions;

    const entries = new Map<string, Entry>();
    const add = (entry: Entry | null): void => {
      if (entry !== null && !entries.has(entry.id)) entries.set(entry.id, entry);
    };
    const byReply = new Map(turns.map((turn) => [turn.replyId, turn]));
    const byQuestion = new Map(turns.map((turn) => [turn.questionId, turn]));
    const ids = new Set(stored.map(({ id }) => id));
    const addAnswer = (questionId: string): void => {
      const turn = byQuestion.get(questionId);
      if (turn !== undefined && !ids.has(turn.replyId)) add(ofTurn(turn));
    };

    for (const message of stored) {
      const turn = message.status === "streaming" ? byReply.get(message.id) : undefined;
      const caughtUp = turn !== undefined && extent(turn.answer.parts) >= extent(message.parts);
      add(caughtUp ? ofTurn(turn) : ofMessage(message));
      addAnswer(message.id);
    }
    for (const question of questions) {
      add(ofQuestion(question));
      addAnswer(question.id);
      if (!byQuestion.has(question.id)) add(ofToken(question));
    }
    return join([...entries.values()]);
  };
}

/** Makes one answer of an answer, what a person decided of it, and the answer that continues it. */
function createJoin(): (entries: readonly Entry[]) => readonly Entry[] {
  const known = new WeakMap<Entry, { readonly first: Entry; readonly whole: Entry }>();
  return (entries) => {
    const list: Entry[] = [];
    for (const entry of entries) {
      const at = list.findLastIndex(({ role }) => role !== "tool");
      const first = list[at];
      const continues = entry.role === "assistant" && first?.role === "assistant" && at < list.length - 1;
      if (!continues) {
        list.push(entry);
        continue;
      }
      const before = known.get(entry);
      const parts = [...list.splice(at), entry].flatMap((each) => each.parts);
      const { id, seq, parentId, versions, contextText, createdAt } = first;
      const own = { id, seq, parentId, versions, contextText, createdAt };
      const continuations = [...first.continuations, entry.id];
      const whole = before?.first === first ? before.whole : { ...entry, ...own, continuations, parts };
      known.set(entry, { first, whole });
      list.push(whole);
    }
    return list;
  };
}

/** What an entry has when nothing else is known of it. */
const NOTHING = {
  seq: null,
  turnId: null,
  versions: { index: 1, count: 1 },
  error: null,
  continuations: [],
  contextText: null,
  model: null,
  usage: null,
  createdAt: null,
} as const;

function questionEntry(question: Question): Entry {
  const { id, contextText, delivery, failure, replaces } = question;
  return {
    ...NOTHING,
    id,
    parentId: isShownInPlace(delivery) ? replaces?.parentId : undefined,
    role: isReply(question) ? "tool" : "user",
    parts: partsOf(question),
    status: "complete",
    delivery,
    error: failure === null ? null : { code: "not_sent", detail: failure },
    contextText,
  };
}

/** An answer as its events tell it. */
function answerEntry({ replyId, turnId, persisted, answer }: LiveTurn): Entry {
  const { parts, status, error, model, usage } = answer;
  return {
    ...NOTHING,
    id: replyId,
    turnId,
    role: "assistant",
    parts,
    status: status === "running" ? "streaming" : status,
    delivery: persisted ? "saved" : "unsaved",
    error,
    model,
    usage,
  };
}

/** The answer that was shown to a question before a reload and is not saved yet. */
function unsavedEntry({ token }: Question): Entry | null {
  const unsaved = token === null ? null : readToken(token);
  if (unsaved === null) return null;
  const { turnId, reply } = unsaved;
  const { id, parts, status } = reply;
  return { ...NOTHING, id, turnId, role: "assistant", parts, status, delivery: "unsaved" };
}

/** Returns the same entry for the same object. */
function remembered<From extends object, Made extends Entry | null>(
  make: (from: From) => Made,
): (from: From) => Made {
  const made = new WeakMap<From, Made>();
  return (from) => {
    const known = made.get(from);
    if (known !== undefined) return known;
    const entry = make(from);
    made.set(from, entry);
    return entry;
  };
}

/**
 * How much an answer shows, in characters and parts. After a reload the stored part of a running answer is
 * shown until the replayed one has caught up with it: text that was visible never disappears.
 */
function extent(parts: readonly Part[]): number {
  return parts.reduce(
    (sum, part) => sum + 1 + (part.type === "text" || part.type === "reasoning" ? part.text.length : 0),
    0,
  );
}
