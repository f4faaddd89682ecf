import {
  type Answer,
  type History,
  type Owner,
  type Question,
  type ResponderEvent,
  type Turn,
  type TurnEvent,
  ChatkeepError,
  createFold,
} from "@chatkeep/protocol";

import type { Run, ScriptedResponder } from "../responder.ts";

/** A history under test, and what the suite needs to look at it from outside. */
export interface HistoryFixture {
  /** May write messages of every role. */
  readonly history: History;
  /** Answers the turns of `history` and of its other nodes. */
  readonly responder: ScriptedResponder;
  /** Somebody who was never there before, at each call. */
  readonly owner: () => Owner;
  /** Another node over the same data, as one has it after a restart. The suite closes it. */
  readonly asRestarted: () => Promise<History>;
  /** A history whose database cannot be reached. The suite closes it. */
  readonly asUnreachable: () => Promise<History>;
  close(): Promise<void>;
}

/** The fixture of the suite that runs; it is open while tests run. */
export type OpenedFixture = () => HistoryFixture;

/** An owner who was never there before, with one conversation. */
export async function newConversation(fixture: HistoryFixture): Promise<{ me: Owner; id: string }> {
  const me = fixture.owner();
  const { conversation } = await fixture.history.createConversation(me);
  return { me, id: conversation.id };
}

/** A reader of a turn's stream that a test leads event by event. */
export interface Reader {
  /** Every event so far. */
  readonly seen: readonly TurnEvent[];
  /** The answer as these events tell it. */
  answer(): Answer;
  /** Reads on until the answer's text parts come to `text`; fails when the stream ends before. */
  untilText(text: string): Promise<void>;
  /** Reads to the end, which is when the turn is settled. */
  rest(): Promise<void>;
  /** Leaves the stream, as a closed browser does. */
  leave(): Promise<void>;
}

/** Reads a turn's stream. */
export function createReader(events: AsyncIterable<TurnEvent>): Reader {
  const iterator = events[Symbol.asyncIterator]();
  const seen: TurnEvent[] = [];
  const fold = createFold();
  const read = async (): Promise<boolean> => {
    const { done, value } = await iterator.next();
    if (done === true) return false;
    seen.push(value);
    fold.push(value.chunk);
    return true;
  };
  return {
    seen,
    answer: () => fold.answer(),
    async untilText(text) {
      while (textOf(fold.answer()) !== text) {
        if (!(await read())) throw new Error(`The stream ended at ${JSON.stringify(fold.answer())}.`);
      }
    },
    async rest() {
      while (await read());
    },
    async leave() {
      await iterator.return?.();
    },
  };
}

/** The text parts of an answer, joined. */
export function textOf(answer: Answer): string {
  return answer.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}

/** A whole turn: asked, answered with these events, read to its end. */
export async function ask(
  fixture: HistoryFixture,
  owner: Owner,
  conversationId: string,
  question: Question,
  answer: readonly ResponderEvent[] = ["Yes."],
): Promise<{ turn: Turn; events: readonly TurnEvent[]; answer: Answer; run: Run }> {
  const { turn, events } = await fixture.history.startTurn(owner, conversationId, question);
  const reader = createReader(events);
  const run = await fixture.responder.started(conversationId);
  for (const event of answer) await run.emit(event);
  run.finish();
  await reader.rest();
  return { turn, events: reader.seen, answer: reader.answer(), run };
}

/** The events of a stream, to its end. */
export async function collect(events: AsyncIterable<TurnEvent>): Promise<TurnEvent[]> {
  const all: TurnEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** The error of the contract that `work` ends with; `undefined` when it succeeds. Any other error is a fault of its own. */
export async function errorOf(work: Promise<unknown>): Promise<ChatkeepError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof ChatkeepError) return error;
    throw new Error("A ChatkeepError is the only error of a history.", { cause: error });
  }
}
