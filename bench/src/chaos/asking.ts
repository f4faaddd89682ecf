import { setTimeout as pause } from "node:timers/promises";

import {
  ChatkeepError,
  type TurnEvent,
  createFold,
  isChatkeepError,
  isNotice,
  isQueuedNotice,
} from "@chatkeep/protocol";

import type { Dice } from "./dice.ts";
import type { Line } from "./line.ts";
import {
  type Record,
  type SeenTurn,
  type SentMessage,
  acknowledge,
  createReading,
  fault,
  lastPromised,
  say,
  settle,
} from "./record.ts";
import { type UntilDone, isPassing } from "./tries.ts";

export interface AskingOptions {
  readonly record: Record;
  readonly untilDone: UntilDone;
}

/** What to do after how many events: `Infinity` for nothing. */
export interface Interlude {
  readonly after: number;
  readonly what: "leave" | "stop" | "nothing";
}

export const CALM: Interlude = { after: Infinity, what: "nothing" };

/** Asks questions, and reads their answers. */
export interface Asking {
  /**
   * Asks and reads on until the turn is settled, whatever happens in between. With `replyId`, it asks for another answer
   * to a stored question.
   */
  ask(dice: Dice, message: SentMessage, interlude: Interlude, replyId?: string): Promise<void>;
  /** Asks without a stream. An answer that was not saved is asked for again. */
  askForWhole(dice: Dice, message: SentMessage): Promise<void>;
}

/**
 * Milliseconds without an event after which a reader leaves and comes back on another node: before a node that sleeps
 * wakes, or after.
 */
const SILENCES = [4000, 12_000] as const;

export function createAsking({ record, untilDone }: AskingOptions): Asking {
  const { owner } = record;

  const ask = async (
    dice: Dice,
    message: SentMessage,
    interlude: Interlude,
    replyId?: string,
  ): Promise<void> => {
    record.asking.push(message.id);
    await read(dice, message, interlude, replyId).finally(() =>
      record.asking.splice(record.asking.indexOf(message.id), 1),
    );
  };

  const read = async (
    dice: Dice,
    message: SentMessage,
    interlude: Interlude,
    replyId: string | undefined,
  ): Promise<void> => {
    let due = interlude.what;
    let turn: SeenTurn | undefined;
    await untilDone(`turn of ${message.id}`, dice, async (line, node) => {
      const leave = new AbortController();
      // Resumes by number, or asks the same again: both have to lead to the same turn.
      const resumes = turn !== undefined && !turn.begunUnsaved && dice.between(1, 3) > 1;
      const after = resumes ? lastPromised(turn!) : 0;
      say(record, `${resumes ? `resume ${turn!.id} after ${after}` : `ask ${message.id}`} at ${node}`);
      if (!resumes) message.triedAt.add(node);
      const events = resumes
        ? line.followTurn(owner, message.conversationId, turn!.id, {
            after: { seq: after, attempt: turn!.attempts.get(after) },
            signal: leave.signal,
          })
        : replyId === undefined
          ? line.startTurn(
              owner,
              message.conversationId,
              {
                id: message.id,
                content: message.content,
                parent: message.parent,
                whenBusy: message.whenBusy,
              },
              { signal: leave.signal },
            )
          : line.regenerate(owner, message.conversationId, message.id, {
              id: replyId,
              signal: leave.signal,
            });
      let reading = resumes ? createReading(record, turn!, after) : undefined;
      try {
        for await (const event of withSilence(events, leave, dice.pick(SILENCES))) {
          // While the database is away, a reader of a turn that is run elsewhere is told so before its first event.
          if (reading === undefined && isNotice(event.chunk)) continue;
          if (isQueuedNotice(event.chunk)) continue;
          if (reading === undefined) {
            turn = begun(message, event);
            reading = createReading(record, turn, 0);
            if (!turn.begunUnsaved) acknowledge(message);
          }
          reading.take(event);
          if (due === "nothing" || turn!.events.size < interlude.after) continue;
          const what = due;
          due = "nothing";
          if (what === "stop") void stop(dice, turn!).catch(() => undefined);
          else throw new Left();
        }
      } catch (error) {
        // The answer before it was stopped. Sent again, it waits no more.
        if (isChatkeepError(error, "conflict") && message.whenBusy !== undefined)
          throw new ChatkeepError("unavailable", "It is held.", { cause: error });
        if (isChatkeepError(error, "events_expired")) {
          // Settled, and without events: of an answer that was imported.
          settle(record, turn!, (await line.getTurn(owner, message.conversationId, turn!.id)).turn.status);
          return;
        }
        if (isChatkeepError(error, "turn_not_found") && turn?.begunUnsaved === true) {
          throw new ChatkeepError("unavailable", "It was never saved.", { cause: error });
        }
        if (error instanceof Left) {
          say(record, `left ${turn!.id} after ${turn!.events.size} events`);
          await pause(dice.between(0, 2000));
          throw new ChatkeepError("unavailable", "Left.");
        }
        await afterOther(line, message, error);
      } finally {
        leave.abort();
      }
      // One that waits in the queue is silent for longer than some wait.
      if (turn === undefined) throw new ChatkeepError("unavailable", "It has not begun.");
      await importAnswer(dice, message, turn);
    });
    say(record, `settled ${turn!.id} as ${turn!.settled}`);
  };

  const askForWhole = async (dice: Dice, message: SentMessage): Promise<void> => {
    await untilDone(`answer to ${message.id}`, dice, async (line, node) => {
      say(record, `ask ${message.id} for JSON at ${node}`);
      message.triedAt.add(node);
      try {
        const { turn: told, reply } = await line.answer(owner, message.conversationId, {
          id: message.id,
          content: message.content,
        });
        const turn = known(message, told.id, told.persisted);
        if (!told.persisted) throw new ChatkeepError("unavailable", "It was not saved.");
        settle(record, turn, told.status);
        acknowledge(message);
        turn.reply = reply?.parts;
      } catch (error) {
        await afterOther(line, message, error);
      }
    });
  };

  /** The turn that a stream's first event tells of. */
  const begun = (message: SentMessage, { seq, chunk }: TurnEvent): SeenTurn => {
    if (chunk.type !== "start" || seq !== 1) {
      throw new TypeError(`The first event of ${message.id} was ${seq} ${JSON.stringify(chunk)}.`);
    }
    const { turn_id: id, persisted, message_id: messageId } = chunk.messageMetadata;
    if (messageId !== message.id) fault(record, `Turn ${JSON.stringify(id)} is not of ${message.id}.`);
    return known(message, id as string, persisted !== false);
  };

  const known = (message: SentMessage, id: string, persisted: boolean): SeenTurn => {
    const before = record.turns.get(id);
    if (before !== undefined) return before;
    const turn: SeenTurn = {
      id,
      conversationId: message.conversationId,
      messageId: message.id,
      events: new Map(),
      attempts: new Map(),
      unsavedEvents: new Map(),
      begunUnsaved: !persisted,
      candidates: new Set(message.triedAt),
      stopAsked: false,
      settled: undefined,
      reply: undefined,
    };
    record.turns.set(turn.id, turn);
    return turn;
  };

  /** Waits for the turn that keeps a question from beginning: then it is to be tried again. Throws any other error. */
  const afterOther = async (line: Line, message: SentMessage, busy: unknown): Promise<never> => {
    if (!isChatkeepError(busy, "turn_in_progress") || busy.turnId === undefined) throw busy;
    say(record, `${message.id} waits for turn ${busy.turnId}`);
    const leave = new AbortController();
    try {
      const events = line.followTurn(owner, message.conversationId, busy.turnId, { signal: leave.signal });
      for await (const _ of withSilence(events, leave, SILENCES[0])) {
        // Only its end counts.
      }
    } catch (error) {
      if (!isPassing(error) && !isChatkeepError(error, "events_expired")) throw error;
    } finally {
      leave.abort();
    }
    throw new ChatkeepError("unavailable", "Another turn was running; now it is over.");
  };

  const stop = async (dice: Dice, turn: SeenTurn): Promise<void> => {
    turn.stopAsked = true;
    await untilDone(`stop ${turn.id}`, dice.fork("stop"), async (line, node) => {
      say(record, `stop ${turn.id} at ${node}`);
      const { status } = await line.stopTurn(owner, turn.conversationId, turn.id);
      settle(record, turn, status);
    });
  };

  /** Sends an answer that was shown without being saved back, until it is stored. */
  const importAnswer = async (dice: Dice, message: SentMessage, turn: SeenTurn): Promise<void> => {
    // One that was begun in the database is stored by its node.
    if (!turn.begunUnsaved) return;
    const fold = createFold();
    const events = [...turn.unsavedEvents].toSorted(([a], [b]) => a - b);
    for (const [, chunk] of events) fold.push(chunk);
    const { token, parts } = fold.answer();
    if (token === null) return;
    await untilDone(`import ${turn.id}`, dice.fork("back"), async (line, node) => {
      say(record, `import ${turn.id} at ${node}`);
      try {
        const stored = await line.importTurn(owner, message.conversationId, token);
        acknowledge(message);
        if (stored.id === turn.id) message.imported = { turnId: turn.id, parts };
      } catch (error) {
        if (isChatkeepError(error, "invalid_request")) {
          // Signed by a node that had not seen the database since its start, and is gone: so it is asked anew.
          message.tokensRefused += 1;
          return;
        }
        await afterOther(line, message, error);
      }
    });
    if (message.acknowledgedAt === undefined) throw new ChatkeepError("unavailable", "Not imported.");
  };

  return { ask, askForWhole };
}

/** The reader left by its own choice. */
class Left extends Error {}

/** Ends a stream that says nothing for a while, as a reader behind a dead connection has to. */
async function* withSilence(
  events: AsyncIterable<TurnEvent>,
  leave: AbortController,
  silence: number,
): AsyncGenerator<TurnEvent, void, void> {
  let timer = setTimeout(() => leave.abort(), silence);
  try {
    for await (const event of events) {
      clearTimeout(timer);
      timer = setTimeout(() => leave.abort(), silence);
      yield event;
    }
  } catch (error) {
    if (leave.signal.aborted)
      throw new ChatkeepError("unavailable", "Nothing was said for a while.", { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
