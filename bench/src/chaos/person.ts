import { setTimeout as pause } from "node:timers/promises";

import { isChatkeepError } from "@chatkeep/protocol";

import { CALM, createAsking } from "./asking.ts";
import type { Dice } from "./dice.ts";
import { type Line, readAll } from "./line.ts";
import { makeRecipe, questionOf } from "./recipe.ts";
import { type Record, type SentMessage, acknowledge, fault, say } from "./record.ts";
import { createTreeActs } from "./tree.ts";
import { createTries, describe } from "./tries.ts";

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
  const untilDone = createTries({ record, lines });
  const { ask, askForWhole } = createAsking({ record, untilDone });
  let conversationId = "";

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
          fault(record, `Message ${id} is acknowledged and not listed at ${node}.`);
    });
  };

  const tree = createTreeActs({
    record,
    conversation: () => conversationId,
    untilDone,
    newQuestion,
    ask: (dice, message, replyId) => ask(dice, message, CALM, replyId),
  });

  const perform = async (dice: Dice): Promise<void> => {
    const act = dice.weigh(ACTS);
    say(record, `-- ${act}`);
    const message = (): SentMessage => newQuestion(dice.fork("question"));
    switch (act) {
      case "ask":
        return ask(dice, message(), CALM);
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
        await Promise.all([ask(dice.fork(1), same, CALM), ask(dice.fork(2), same, CALM)]);
        return;
      }
      case "ask two things at once": {
        const both = [newQuestion(dice.fork("a")), newQuestion(dice.fork("b"))];
        await Promise.all(both.map((each, index) => ask(dice.fork(index), each, CALM)));
        return;
      }
      case "queue three at once": {
        const all = ["a", "b", "c"].map((each) => newQuestion(dice.fork(each)));
        for (const each of all) each.whenBusy = "queue";
        await Promise.all(all.map((each, index) => ask(dice.fork(index), each, CALM)));
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
      fault(record, `Message ${known.id} was taken a second time with another text.`);
    });
  };

  return {
    record,
    lines,
    async act(over) {
      await begin(dice.fork("begin"));
      for (let count = 0; !over.aborted; count += 1) {
        // A fault is in the record; the person goes on.
        await perform(dice.fork(count)).catch((error: unknown) => say(record, `gave up: ${describe(error)}`));
        await pause(dice.fork(count).between(0, 300));
      }
      await list(dice.fork("end")).catch(() => undefined);
    },
  };
}
