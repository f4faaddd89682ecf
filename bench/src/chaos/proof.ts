import { isDeepStrictEqual } from "node:util";

import { type Message, type Part, contentOf, createFold, isLastChunk } from "@chatkeep/protocol";

import { readQuestion, wordsOf } from "./recipe.ts";
import { type Record, type SeenTurn, type SentMessage, lastPromised } from "./record.ts";
import type { Stored, StoredMessage, StoredTurn } from "./stored.ts";

/** What {@link prove} compares. */
export interface Evidence {
  readonly records: readonly Record[];
  readonly stored: Stored;
  /** Every conversation as every node lists it over HTTP. */
  readonly listings: readonly Listing[];
  /** How often the model was asked, by the question's id. */
  readonly asked: Readonly<{ [key: string]: number }>;
  /** What the model's tools did, in order. */
  readonly ledger: readonly LedgerEntry[];
}

/** An effect of a tool. */
export interface LedgerEntry {
  readonly tool: string;
  /** The question's id. */
  readonly question: string;
  /** The key of an idempotent call: the turn's id and the call's. */
  readonly call: string;
}

/** A conversation as a node lists it. */
export interface Listing {
  readonly node: number;
  readonly conversationId: string;
  readonly messages: readonly Message[];
}

/** A promise that was not kept, and whose record tells more. */
export interface Violation {
  readonly what: string;
  readonly record: Record | undefined;
  /** An id by which the record's lines are found. */
  readonly about: string;
}

/** Compares what people saw with what is stored; what it returns must be empty. */
export function prove({ records, stored, listings, asked, ledger }: Evidence): Violation[] {
  const violations: Violation[] = [];
  const turns = new Map(stored.turns.map((turn) => [turn.id, turn]));
  const messages = Map.groupBy(stored.messages, ({ id }) => id);

  for (const record of records) {
    const say = (what: string, about: string): void => void violations.push({ what, record, about });
    for (const fault of record.faults) say(fault, /[0-9a-f-]{36}/.exec(fault)?.[0] ?? "");
    for (const message of record.messages.values()) {
      const found = messages.get(message.id)?.filter((one) => one.conversationId === message.conversationId);
      if (found === undefined && record.mayBeDeleted.has(message.id)) continue;
      proveMessage(message, found ?? [], say);
    }
    for (const [id, copied] of record.copies) proveCopy(id, copied, stored, say);
    for (const turn of record.turns.values()) proveTurn(turn, turns.get(turn.id), record, stored, say);
    // A session may be answered unsaved, and asked for again: only of users it is known how often they were answered.
    if (record.owner.kind === "user") {
      for (const { id, recipe, regenerations } of record.messages.values()) {
        if (recipe === undefined) continue;
        const own = stored.turns.filter(({ messageId }) => messageId === id);
        const attempts = own.reduce((sum, turn) => sum + 1 + turn.earlier.length, 0);
        if ((asked[id] ?? 0) > Math.max(attempts, 1 + regenerations))
          say(`The model was asked ${asked[id]} times.`, id);
        proveEffects(id, own, ledger, say);
      }
    }
  }
  const say = (what: string, about: string): void => void violations.push({ what, record: undefined, about });
  proveNumbers(stored, new Set(records.flatMap(({ mayBeDeleted }) => [...mayBeDeleted])), say);
  proveListings(stored, listings, say);
  proveAnswers(stored, recipes(records), say);
  return violations;
}

type Say = (what: string, about: string) => void;

/**
 * A tool with effects ran at most once a turn. An idempotent one has one key a turn, which it was called with at least
 * once if the answer is complete.
 */
function proveEffects(
  question: string,
  turns: readonly StoredTurn[],
  ledger: readonly LedgerEntry[],
  say: Say,
): void {
  const effects = ledger.filter((entry) => entry.question === question);
  const booked = effects.filter(({ tool }) => tool === "book").length;
  if (booked > turns.length)
    say(`The tool with effects ran ${booked} times in ${turns.length} turns.`, question);
  const stamped = new Set(effects.flatMap(({ tool, call }) => (tool === "stamp" ? [call] : [])));
  for (const { id, status } of turns) {
    const keys = [...stamped].filter((call) => call.startsWith(id)).length;
    const isLacking = status === "complete" && stamped.size > 0 && keys === 0;
    if (keys > 1 || isLacking) say(`The idempotent tool has ${keys} keys in turn ${id}.`, id);
  }
}

function recipes(records: readonly Record[]): Map<string, SentMessage> {
  return new Map(records.flatMap((record) => [...record.messages]));
}

/** What was acknowledged is there, as it was sent; and nothing is there twice. */
function proveMessage(message: SentMessage, found: readonly StoredMessage[], say: Say): void {
  if (found.length > 1) say(`Message ${message.id} is stored ${found.length} times.`, message.id);
  const [stored] = found;
  if (stored === undefined) {
    if (message.acknowledgedAt !== undefined)
      say(`Message ${message.id} is acknowledged and lost.`, message.id);
    return;
  }
  if (contentOf(stored.parts) !== message.content || stored.conversationId !== message.conversationId) {
    say(`Message ${message.id} is stored as ${JSON.stringify(stored)}.`, message.id);
  }
}

/** What was shown of a turn is stored, and it was settled as was said. */
function proveTurn(
  seen: SeenTurn,
  turn: StoredTurn | undefined,
  record: Record,
  stored: Stored,
  say: Say,
): void {
  const message = record.messages.get(seen.messageId);
  if (turn === undefined) {
    if (!seen.begunUnsaved) say(`Turn ${seen.id} was shown and is lost.`, seen.id);
    else if (message?.imported?.turnId === seen.id) say(`Turn ${seen.id} was imported and is lost.`, seen.id);
    return;
  }
  const reply = stored.messages.find(({ id, turnId }) => id === turn.replyId && turnId === turn.id);
  if (reply === undefined && record.mayBeDeleted.has(turn.replyId)) return;
  if (reply === undefined) return say(`Turn ${seen.id} has no answer.`, seen.id);
  if (message?.imported?.turnId === seen.id) {
    if (!isDeepStrictEqual(message.imported.parts, reply.parts)) {
      say(
        `Turn ${seen.id} was imported as ${json(message.imported.parts)} and is stored as ${json(reply.parts)}.`,
        seen.id,
      );
    }
    return;
  }
  if (seen.settled !== undefined && seen.settled !== turn.status) {
    say(`Turn ${seen.id} was said to be ${seen.settled} and is ${turn.status}.`, seen.id);
  }
  if (turn.status === "stopped" && !seen.stopAsked) {
    say(`Turn ${seen.id} was stopped, and nobody asked for it.`, seen.id);
  }
  if (seen.reply !== undefined && !isDeepStrictEqual(seen.reply, reply.parts)) {
    say(`Turn ${seen.id} was told as ${json(seen.reply)} and is stored as ${json(reply.parts)}.`, seen.id);
  }
  const log = stored.events.get(seen.id);
  const events = new Map(log?.map(({ seq, chunk }) => [seq, chunk]));
  for (const [seq, chunk] of seen.events) {
    // The log of a settled turn goes with its partition.
    if (log === undefined || isDeepStrictEqual(events.get(seq), chunk)) continue;
    const as = `was shown as ${json(chunk)} and is stored as ${json(events.get(seq))}`;
    say(`Event ${seq} of turn ${seen.id} ${as}.`, seen.id);
  }
  const fold = createFold();
  for (let seq = 1; seq <= lastPromised(seen); seq += 1) fold.push(seen.events.get(seq)!);
  const shown = contentOf(fold.answer().parts);
  if (!contentOf(reply.parts).startsWith(shown)) {
    say(`Turn ${seen.id} showed ${json(shown)} and is stored as ${json(reply.parts)}.`, seen.id);
  }
}

/** A copy holds what it was made from, in order. */
function proveCopy(id: string, copied: readonly Message[], { messages }: Stored, say: Say): void {
  const rows = messages.filter(({ conversationId }) => conversationId === id);
  const lookAt = (one: StoredMessage | Message): unknown[] => [one.id, one.role, one.parts];
  if (!isDeepStrictEqual(rows.map(lookAt), copied.map(lookAt)))
    say(`Conversation ${id} does not hold what it was copied from.`, id);
}

/** Numbers have no gap but where something was deleted, ids no double, and the counters are true. */
function proveNumbers(
  { conversations, messages, deleted }: Stored,
  mayBeDeleted: ReadonlySet<string>,
  say: Say,
): void {
  for (const { id } of deleted) if (!mayBeDeleted.has(id)) say(`Message ${id} is deleted.`, id);
  const byConversation = Map.groupBy(
    [...messages, ...deleted].toSorted((a, b) => a.seq - b.seq),
    ({ conversationId }) => conversationId,
  );
  for (const { id, lastSeq, runningTurn } of conversations) {
    const rows = byConversation.get(id) ?? [];
    const gap = rows.findIndex(({ seq }, index) => seq !== index + 1);
    if (gap >= 0) say(`In conversation ${id} message ${gap + 1} has the number ${rows[gap]!.seq}.`, id);
    if (rows.length !== lastSeq)
      say(`Conversation ${id} counts ${lastSeq} messages and holds ${rows.length}.`, id);
    if (runningTurn !== null) say(`Conversation ${id} still says that turn ${runningTurn} runs.`, id);
  }
}

/** What is read over HTTP is what is stored, on every node. */
function proveListings({ messages }: Stored, listings: readonly Listing[], say: Say): void {
  const byConversation = Map.groupBy(messages, ({ conversationId }) => conversationId);
  for (const { node, conversationId, messages: listed } of listings) {
    const rows = byConversation.get(conversationId) ?? [];
    const lookAt = ({ seq, id, role, status, parts }: StoredMessage | Message): unknown[] => [
      seq,
      id,
      role,
      status,
      parts,
    ];
    if (isDeepStrictEqual(listed.map(lookAt), rows.map(lookAt))) continue;
    say(`Node ${node} lists conversation ${conversationId} otherwise than it is stored.`, conversationId);
  }
}

/** Every turn is settled; its events are whole; its answer is what they tell, and what the model said. */
function proveAnswers(
  { turns, messages, deleted, events }: Stored,
  sent: ReadonlyMap<string, SentMessage>,
  say: Say,
): void {
  const replies = new Map(
    messages
      .filter(({ role, turnId }) => role === "assistant" && turnId !== null)
      .map((message) => [message.id, message]),
  );
  const deletedIds = new Set(deleted.map(({ id }) => id));
  for (const turn of turns) {
    const reply = replies.get(turn.replyId);
    if (turn.status === "running") {
      say(`Turn ${turn.id} still runs.`, turn.id);
      continue;
    }
    if (reply === undefined && deletedIds.has(turn.replyId)) continue;
    if (reply === undefined || reply.turnId !== turn.id) {
      say(`The answer of turn ${turn.id} is ${json(reply)}.`, turn.id);
      continue;
    }
    if (reply.status !== turn.status)
      say(`Turn ${turn.id} is ${turn.status}, its answer ${reply.status}.`, turn.id);
    const log = events.get(turn.id);
    // An answer that was imported has no events.
    if (log !== undefined) proveLog(turn, log, reply.parts, say);
    // A guest's question is known by what is stored of it, if a node that slept began it after all was erased.
    const question = messages.find(({ id }) => id === turn.messageId);
    const recipe = sent.get(turn.messageId)?.recipe ?? (question && readQuestion(contentOf(question.parts)));
    // One that ends its nodes is given up; a model may be told to fail.
    const mayFail = recipe?.ending !== "finish" || turn.errorCode === "attempts_exhausted";
    // An answer that an outage left unsaved ends with its node, and was imported so.
    const mayBreakOff = sent.get(turn.messageId)?.imported?.turnId === turn.id;
    if ((turn.status === "interrupted" && !mayBreakOff) || (turn.status === "failed" && !mayFail))
      say(`Turn ${turn.id} is ${turn.status} (${turn.errorCode}) after ${json(turn.earlier)}.`, turn.id);
    if (recipe === undefined) continue;
    const whole = wordsOf(recipe).join("");
    const text = contentOf(reply.parts);
    if (!whole.startsWith(text) || (turn.status === "complete" && text !== whole)) {
      say(`Turn ${turn.id} is ${turn.status} and says ${json(text)} of ${json(whole)}.`, turn.id);
    }
  }
}

function proveLog(
  turn: StoredTurn,
  log: NonNullable<ReturnType<Stored["events"]["get"]>>,
  parts: readonly Part[],
  say: Say,
): void {
  const fold = createFold();
  for (const [index, { seq, chunk }] of log.entries()) {
    if (seq !== index + 1)
      return say(`Event ${index + 1} of turn ${turn.id} has the number ${seq}.`, turn.id);
    if (isLastChunk(chunk) !== (index === log.length - 1))
      say(`Turn ${turn.id} ends at event ${seq} of ${log.length}.`, turn.id);
    fold.push(chunk);
  }
  if (turn.lastEvent !== log.length)
    say(`Turn ${turn.id} has ${log.length} events and names ${turn.lastEvent} the last.`, turn.id);
  if (!isDeepStrictEqual(fold.answer().parts, parts)) {
    say(
      `The events of turn ${turn.id} tell ${json(fold.answer().parts)}, its message ${json(parts)}.`,
      turn.id,
    );
  }
}

function json(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
