import { ChatkeepError, type ErrorCode, type Message, isChatkeepError } from "@chatkeep/protocol";

import type { Dice } from "./dice.ts";
import { type Line, readAll } from "./line.ts";
import { type Record, type SentMessage, fault } from "./record.ts";
import type { UntilDone } from "./tries.ts";

/** What the acts on a tree need of the person who does them. */
export interface TreeOptions {
  readonly record: Record;
  /** The conversation that the person is in. */
  readonly conversation: () => string;
  readonly untilDone: UntilDone;
  readonly newQuestion: (dice: Dice, parent?: string | null) => SentMessage;
  /** Asks and reads until the turn is settled; with `replyId` it asks for another answer to a stored question. */
  readonly ask: (dice: Dice, message: SentMessage, replyId?: string) => Promise<void>;
}

/** Edits, other answers, other heads, copies, and deletions that are undone. */
export interface TreeActs {
  edit(dice: Dice): Promise<void>;
  regenerate(dice: Dice): Promise<void>;
  moveHead(dice: Dice): Promise<void>;
  fork(dice: Dice): Promise<void>;
  deleteAndRestore(dice: Dice): Promise<void>;
}

export function createTreeActs(options: TreeOptions): TreeActs {
  const { record, conversation, untilDone, newQuestion, ask } = options;
  const { owner } = record;

  const readTree = (dice: Dice): Promise<Message[]> =>
    untilDone(`tree of ${conversation()}`, dice, (line) =>
      readAll(line, owner, conversation(), { branches: "all" }),
    );

  /** Changes the tree; `done` is the error that a second try gets when the first one took effect. */
  const change = (
    what: string,
    dice: Dice,
    done: ErrorCode | undefined,
    work: (line: Line, tries: number) => Promise<unknown>,
  ): Promise<void> => {
    let tries = 0;
    return untilDone(what, dice, async (line) => {
      tries += 1;
      try {
        await work(line, tries);
      } catch (error) {
        if (tries > 1 && isChatkeepError(error, done)) return;
        if (isChatkeepError(error, "message_not_found") && record.mayBeDeleted.size > 0) return;
        if (!isChatkeepError(error, "turn_in_progress")) throw error;
        throw new ChatkeepError("unavailable", "A turn is running.", { cause: error });
      }
    });
  };

  const pickQuestion = async (dice: Dice): Promise<Message | undefined> => {
    const questions = (await readTree(dice.fork("tree"))).filter(
      ({ id }) => record.messages.get(id)?.recipe !== undefined && !record.mayBeDeleted.has(id),
    );
    return questions.length === 0 ? undefined : dice.pick(questions);
  };

  return {
    async edit(dice) {
      const question = await pickQuestion(dice);
      if (question === undefined || record.mayBeDeleted.has(question.parentId ?? "")) return;
      await ask(dice, newQuestion(dice.fork("question"), question.parentId));
    },

    async regenerate(dice) {
      const question = await pickQuestion(dice);
      if (question === undefined) return;
      const message = record.messages.get(question.id)!;
      message.regenerations += 1;
      await ask(dice, message, dice.uuid());
    },

    async moveHead(dice) {
      const tree = await readTree(dice.fork("tree"));
      if (tree.length === 0) return;
      const { id } = dice.pick(tree);
      await change(`head ${id}`, dice, undefined, (line) => line.setHead(owner, conversation(), id));
    },

    async fork(dice) {
      const tree = await readTree(dice.fork("tree"));
      if (tree.length === 0) return;
      const branch = branchOf(tree, dice.pick(tree));
      if (branch.some(({ id, status }) => status === "streaming" || record.mayBeDeleted.has(id))) return;
      const id = dice.uuid();
      await change(`copy ${id}`, dice, "conflict", (line) =>
        line.forkConversation(owner, conversation(), branch.at(-1)!.id, { id }),
      );
      record.conversations.add(id);
      record.copies.set(id, branch);
    },

    async deleteAndRestore(dice) {
      const tree = (await readTree(dice.fork("tree"))).filter(({ status }) => status !== "streaming");
      if (tree.length === 0) return;
      const ids = [...new Set([dice.pick(tree).id, dice.pick(tree).id])];
      await change(`delete ${ids.join(" ")}`, dice, "message_not_found", (line, tries) => {
        // A node that sleeps may carry out an earlier try later.
        if (tries > 1) for (const id of ids) record.mayBeDeleted.add(id);
        return line.deleteMessages(owner, conversation(), { ids });
      });
      await change(`restore ${ids.join(" ")}`, dice.fork("restore"), "message_not_found", (line) =>
        line.restoreMessages(owner, conversation(), ids),
      );
      const back = new Map((await readTree(dice.fork("back"))).map((message) => [message.id, message]));
      for (const { id, content } of tree) {
        if (back.get(id)?.content !== content && !record.mayBeDeleted.has(id))
          fault(record, `Message ${id} is not there as it was, after a deletion that was undone.`);
      }
    },
  };
}

/** The messages that lead to one, and that one. */
function branchOf(tree: readonly Message[], leaf: Message): Message[] {
  const byId = new Map(tree.map((message) => [message.id, message]));
  const branch: Message[] = [];
  for (let at: Message | undefined = leaf; at !== undefined; at = byId.get(at.parentId ?? ""))
    branch.unshift(at);
  return branch;
}
