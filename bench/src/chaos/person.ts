import {
  ChatkeepError,
  type TurnEvent,
  createFold,
  isChatkeepError,
  isNotice,
  isQueuedNotice,
} from "@chatkeep/protocol";

import type { Dice } from "./dice.ts";
import { type Line, readAll } from "./line.ts";
import { makeRecipe, questionOf } from "./recipe.ts";
import {
  type Record,
  type SeenTurn,
  type SentMessage,
  createReading,
  lastPromised,
  settle,
} from "./record.ts";
import { createTreeActs } from "./tree.ts";

export interface PersonOptions {
  readonly record: Record;
  readonly dice: Dice;
  /** One to each node. */
  readonly lines: readonly Line[];
}

/** Somebody who writes, asks, reads, leaves, comes back and stops, on any node, and never gives up. */
export interface Person {
  readonly record: Record;
  /** One to each node. */
  readonly lines: readonly Line[];
  /** Goes on until it is over; then finishes what was begun. */
  act(over: AbortSignal): Promise<void>;
}

/**
 * Milliseconds without an event after which a reader leaves and comes back on another node: before a node that sleeps
 * wakes, or after.
 */
const SILENCES = [4000, 12_000] as const;
/** Milliseconds between tries. */
const RETRY = 250;
/** Milliseconds after which a message that nobody takes is a fault: longer than any plan keeps both nodes away. */
const GIVE_UP = 90_000;

const ACTS = {
  ask: 26,
  "leave and return": 14,
  stop: 10,
  append: 14,
  "ask twice at once": 8,
  "ask two things at once": 8,
  "queue three at once": 8,
  "ask for JSON": 8,
  "same id, other text": 4,
  read: 6,
  "new conversation": 2,
  edit: 8,
  regenerate: 8,
  "move head": 6,
  fork: 3,
  "delete and restore": 5,
};

/** A person; all choices are the dice's. */
export function createPerson({ record, dice, lines }: PersonOptions): Person {
  const { owner } = record;
  let conversationId = "";

  const say = (text: string): void => {
    record.lines.push(`${new Date().toISOString().slice(11, 23)}  ${text}`);
  };
  const fault = (text: string): void => {
    record.faults.push(text);
    say(`FAULT ${text}`);
  };

  /** Tries on one node after the other until it is done; another error than an outage is a fault. */
  const untilDone = async <T>(
    what: string,
    dice: Dice,
    work: (line: Line, node: number) => Promise<T>,
  ): Promise<T> => {
    const begin = Date.now();
    for (let node = dice.between(0, lines.length - 1); ; node = (node + 1) % lines.length) {
      try {
        return await work(lines[node]!, node);
      } catch (error) {
        say(`${what} at ${node}: ${describe(error)}`);
        if (!isPassing(error)) {
          fault(`${what}: ${describe(error)}`);
          throw error;
        }
        if (Date.now() - begin > GIVE_UP) {
          fault(`${what}: not done within ${GIVE_UP / 1000} s, at last: ${describe(error)}`);
          throw error;
        }
        await pause(RETRY);
      }
    }
  };

  const begin = async (dice: Dice): Promise<void> => {
    const id = dice.uuid();
    await untilDone(`new conversation ${id}`, dice, (line) => line.createConversation(owner, { id }));
    record.conversations.add(id);
    conversationId = id;
  };

  const append = async (dice: Dice): Promise<void> => {
    const message = newMessage(dice.uuid(), `A note: ${dice.uuid()}`);
    await untilDone(`append ${message.id}`, dice, (line) =>
      line.appendMessages(owner, message.conversationId, [
        { id: message.id, role: "user", content: message.content },
      ]),
    );
    acknowledge(message);
  };

  const newMessage = (
    id: string,
    content: string,
    recipe?: SentMessage["recipe"],
    parent?: string | null,
  ): SentMessage => {
    const message: SentMessage = {
      id,
      conversationId,
      content,
      recipe,
      acknowledgedAt: undefined,
      triedAt: new Set(),
      imported: undefined,
      parent,
      whenBusy: undefined,
      regenerations: 0,
      tokensRefused: 0,
    };
    record.messages.set(id, message);
    return message;
  };

  const newQuestion = (dice: Dice, parent?: string | null): SentMessage => {
    const id = dice.uuid();
    const recipe = makeRecipe(dice, id);
    return newMessage(id, questionOf(recipe), recipe, parent);
  };

  const acknowledge = (message: SentMessage): void => {
    message.acknowledgedAt ??= Date.now();
  };

  /** What to do after how many events: `Infinity` for nothing. */
  interface Interlude {
    readonly after: number;
    readonly what: "leave" | "stop" | "nothing";
  }

  const calm: Interlude = { after: Infinity, what: "nothing" };

  /**
   * Asks and reads on until the turn is settled, whatever happens in between. With `replyId`, it asks for another answer
   * to a stored question.
   */
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
      say(`${resumes ? `resume ${turn!.id} after ${after}` : `ask ${message.id}`} at ${node}`);
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
        if (isChatkeepError(error, "turn_in_progress") && error.turnId !== undefined) {
          await followOther(line, message, error.turnId);
          throw new ChatkeepError("unavailable", "Another turn was running; now it is over.");
        }
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
          say(`left ${turn!.id} after ${turn!.events.size} events`);
          await pause(dice.between(0, 2000));
          throw new ChatkeepError("unavailable", "Left.");
        }
        throw error;
      } finally {
        leave.abort();
      }
      // One that waits in the queue is silent for longer than some wait.
      if (turn === undefined) throw new ChatkeepError("unavailable", "It has not begun.");
      await importAnswer(dice, message, turn);
    });
    say(`settled ${turn!.id} as ${turn!.settled}`);
  };

  /** Asks without a stream. An answer that was not saved is asked for again. */
  const askForWhole = async (dice: Dice, message: SentMessage): Promise<void> => {
    await untilDone(`answer to ${message.id}`, dice, async (line, node) => {
      say(`ask ${message.id} for JSON at ${node}`);
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
        if (!isChatkeepError(error, "turn_in_progress") || error.turnId === undefined) throw error;
        await followOther(line, message, error.turnId);
        throw new ChatkeepError("unavailable", "Another turn was running; now it is over.");
      }
    });
  };

  /** The turn that a stream's first event tells of. */
  const begun = (message: SentMessage, { seq, chunk }: TurnEvent): SeenTurn => {
    if (chunk.type !== "start" || seq !== 1) {
      throw new TypeError(`The first event of ${message.id} was ${seq} ${JSON.stringify(chunk)}.`);
    }
    const { turn_id: id, persisted, message_id: messageId } = chunk.messageMetadata;
    if (messageId !== message.id) fault(`Turn ${JSON.stringify(id)} is not of ${message.id}.`);
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

  const followOther = async (line: Line, message: SentMessage, turnId: string): Promise<void> => {
    say(`${message.id} waits for turn ${turnId}`);
    const leave = new AbortController();
    try {
      const events = line.followTurn(owner, message.conversationId, turnId, { signal: leave.signal });
      for await (const _ of withSilence(events, leave, SILENCES[0])) {
        // Only its end counts.
      }
    } catch (error) {
      if (!isPassing(error) && !isChatkeepError(error, "events_expired")) throw error;
    } finally {
      leave.abort();
    }
  };

  const stop = async (dice: Dice, turn: SeenTurn): Promise<void> => {
    turn.stopAsked = true;
    await untilDone(`stop ${turn.id}`, dice.fork("stop"), async (line, node) => {
      say(`stop ${turn.id} at ${node}`);
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
      say(`import ${turn.id} at ${node}`);
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
        if (!isChatkeepError(error, "turn_in_progress") || error.turnId === undefined) throw error;
        await followOther(line, message, error.turnId);
        throw new ChatkeepError("unavailable", "Another turn was running; now it is over.");
      }
    });
    if (message.acknowledgedAt === undefined) throw new ChatkeepError("unavailable", "Not imported.");
  };

  /** The messages that a server said it has stored have to be there at once, on every node. */
  const list = async (dice: Dice): Promise<void> => {
    const known = [...record.messages.values()].filter(
      (message) => message.conversationId === conversationId && message.acknowledgedAt !== undefined,
    );
    await untilDone(`read ${conversationId}`, dice, async (line, node) => {
      const tree = await readAll(line, owner, conversationId, { branches: "all" });
      const ids = new Set(tree.map(({ id }) => id));
      for (const { id } of known)
        if (!ids.has(id) && !record.mayBeDeleted.has(id))
          fault(`Message ${id} is acknowledged and not listed at ${node}.`);
    });
  };

  const tree = createTreeActs({
    record,
    conversation: () => conversationId,
    untilDone,
    newQuestion,
    ask: (dice, message, replyId) => ask(dice, message, calm, replyId),
    fault,
  });

  const perform = async (dice: Dice): Promise<void> => {
    const act = dice.weigh(ACTS);
    say(`-- ${act}`);
    const message = (): SentMessage => newQuestion(dice.fork("question"));
    switch (act) {
      case "ask":
        return ask(dice, message(), calm);
      case "ask for JSON":
        return askForWhole(dice, message());
      case "leave and return":
        return ask(dice, message(), { after: dice.between(1, 30), what: "leave" });
      case "stop":
        return ask(dice, message(), { after: dice.between(1, 30), what: "stop" });
      case "append":
        return append(dice);
      case "ask twice at once": {
        const same = message();
        await Promise.all([ask(dice.fork(1), same, calm), ask(dice.fork(2), same, calm)]);
        return;
      }
      case "ask two things at once": {
        const both = [newQuestion(dice.fork("a")), newQuestion(dice.fork("b"))];
        await Promise.all(both.map((each, index) => ask(dice.fork(index), each, calm)));
        return;
      }
      case "queue three at once": {
        const all = ["a", "b", "c"].map((each) => newQuestion(dice.fork(each)));
        for (const each of all) each.whenBusy = "queue";
        await Promise.all(all.map((each, index) => ask(dice.fork(index), each, calm)));
        return;
      }
      case "same id, other text":
        return contradict(dice);
      case "read":
        return list(dice);
      case "new conversation":
        return begin(dice);
      case "edit":
        return tree.edit(dice);
      case "regenerate":
        return tree.regenerate(dice);
      case "move head":
        return tree.moveHead(dice);
      case "fork":
        return tree.fork(dice);
      case "delete and restore":
        return tree.deleteAndRestore(dice);
    }
  };

  /** An id that is there with another text has to be refused. */
  const contradict = async (dice: Dice): Promise<void> => {
    const known = [...record.messages.values()].find(
      (message) => message.conversationId === conversationId && message.acknowledgedAt !== undefined,
    );
    if (known === undefined) return;
    await untilDone(`contradict ${known.id}`, dice, async (line) => {
      try {
        await line.appendMessages(owner, conversationId, [
          { id: known.id, role: "user", content: "Something else." },
        ]);
      } catch (error) {
        if (isChatkeepError(error, "idempotency_mismatch")) return;
        throw error;
      }
      fault(`Message ${known.id} was taken a second time with another text.`);
    });
  };

  return {
    record,
    lines,
    async act(over) {
      await begin(dice.fork("begin"));
      for (let count = 0; !over.aborted; count += 1) {
        // A fault is in the record; the person goes on.
        await perform(dice.fork(count)).catch((error: unknown) => say(`gave up: ${describe(error)}`));
        await pause(dice.fork(count).between(0, 300));
      }
      await list(dice.fork("end")).catch(() => undefined);
    },
  };
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

/** What passes by itself: the server or its database cannot be reached just now. */
export function isPassing(error: unknown): boolean {
  if (isChatkeepError(error, "unavailable")) return true;
  const name = (error as Error).name;
  return name === "TimeoutError" || name === "AbortError";
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return error instanceof ChatkeepError
    ? `${error.code}: ${error.message}${cause}`
    : `${error.name}: ${error.message}${cause}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
