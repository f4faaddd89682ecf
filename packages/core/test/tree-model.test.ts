import { createHistory } from "@chatkeep/core";
import type { History, MessageQuery, Owner } from "@chatkeep/protocol";
import { IS_MATRIX, UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { fc } from "@chatkeep/testing/properties";
import { afterAll, expect, it } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();
const nodes = [
  createHistory({ ...UNHURRIED.history, pool: database.pool }),
  createHistory({ ...UNHURRIED.history, pool: database.pool }),
];
afterAll(() => Promise.all(nodes.map((node) => node.close())));

/** A tree in memory: what each message follows, in the order of arrival, and which ones are deleted. */
class Model {
  readonly parents: (number | null)[] = [];
  readonly deleted = new Map<number, number | null>();
  head: number | null = null;

  live = (): number[] => this.parents.map((_, at) => at).filter((at) => !this.deleted.has(at));
  parent(at: number): number | null {
    const parent = this.parents[at] ?? null;
    return parent === null || !this.deleted.has(parent) ? parent : this.parent(parent);
  }
  branch = (at: number | null): number[] => (at === null ? [] : [...this.branch(this.parent(at)), at]);
  versions = (at: number): number[] => this.live().filter((other) => this.parent(other) === this.parent(at));
  below = (at: number | null): number[] =>
    this.live().filter((other) => at === null || this.branch(other).includes(at));
  leaf = (at: number | null): number | null => this.below(at).at(-1) ?? null;
  append(parent: number | null): void {
    this.head = this.parents.push(parent) - 1;
  }
  delete(gone: readonly number[]): void {
    const { head } = this;
    for (const at of gone) this.deleted.set(at, null);
    if (head === null || !gone.includes(head)) return;
    this.head = this.leaf(this.parent(head));
    this.deleted.set(head, this.head ?? -1);
  }
  restore(back: readonly number[]): void {
    for (;;) {
      // The one that was deleted last.
      const from = [...this.deleted.keys()].findLast(
        (at) => back.includes(at) && this.deleted.get(at) === (this.head ?? -1),
      );
      if (from === undefined) break;
      this.head = from;
      this.deleted.set(from, null);
    }
    for (const at of back) this.deleted.delete(at);
    this.head = this.leaf(this.head);
  }
}

type Act = readonly [
  kind: "append" | "branch" | "head" | "delete" | "prune" | "restore",
  first: number,
  second: number,
];
const act: fc.Arbitrary<Act> = fc.tuple(
  fc.constantFrom("append", "append", "branch", "branch", "head", "delete", "prune", "restore"),
  fc.nat(99),
  fc.nat(99),
);

/** Does the same to a conversation and to the model. */
async function play(history: History, me: Owner, id: string, model: Model, [kind, a, b]: Act): Promise<void> {
  const live = model.live();
  const some = live[a % (live.length || 1)];
  const name = (at: number): string => `m${at}`;
  if (kind === "append" || some === undefined) {
    const count = 1 + (b % 3);
    const inputs = Array.from({ length: count }, (_, more) => ({
      id: name(model.parents.length + more),
      role: "user" as const,
      content: name(model.parents.length + more),
    }));
    await history.appendMessages(me, id, inputs);
    for (let more = 0; more < count; more += 1) model.append(model.head);
  } else if (kind === "branch") {
    await append(history, me, id, model, a % 7 === 0 ? null : some);
  } else if (kind === "head") {
    await history.setHead(me, id, name(some));
    model.head = model.leaf(some);
  } else if (kind === "delete") {
    const gone = [...new Set([some, live[b % live.length]!])];
    await history.deleteMessages(me, id, { ids: gone.map(name) });
    model.delete(gone);
  } else if (kind === "prune") {
    await history.deleteMessages(me, id, { from: name(some) });
    model.delete(model.below(some));
  } else {
    const trash = [...model.deleted.keys()];
    if (trash.length === 0) return;
    const back = [...new Set([trash[a % trash.length]!, trash[b % trash.length]!])];
    await history.restoreMessages(me, id, back.map(name));
    model.restore(back);
  }
}

/** Appends a message after another one (null: as a first message). */
async function append(
  history: History,
  me: Owner,
  id: string,
  model: Model,
  parent: number | null,
): Promise<void> {
  const next = `m${model.parents.length}`;
  await history.appendMessages(me, id, [{ id: next, role: "user", content: next }], {
    parent: parent === null ? null : `m${parent}`,
  });
  model.append(parent);
}

/** All that is told of a conversation is what the model says. */
async function compare(history: History, me: Owner, id: string, model: Model, leaf: number): Promise<void> {
  const name = (at: number): string => `m${at}`;
  const told = (at: number): object => ({
    id: name(at),
    seq: at + 1,
    parentId: model.parent(at) === null ? null : name(model.parent(at)!),
    versions: { index: model.versions(at).indexOf(at) + 1, count: model.versions(at).length },
  });
  const branch = model.branch(model.head);
  const conversation = await history.getConversation(me, id);
  expect(conversation).toMatchObject({
    messageCount: branch.length,
    headId: model.head === null ? null : name(model.head),
    preview: model.head === null ? null : name(model.head),
  });
  const page = await history.listMessages(me, id, { limit: 100 });
  expect(page).toMatchObject({ total: branch.length, hasMore: false, messages: branch.map(told) });
  const live = model.live();
  if (live.length === 0) return;
  const at = live[leaf % live.length]!;
  const other = model.branch(at);
  const limit = 1 + (leaf % 4);
  const skipped = leaf % 5;
  const window = await history.listMessages(me, id, { leaf: name(at), limit, offset: skipped });
  const end = Math.max(0, other.length - skipped);
  expect(window.messages).toMatchObject(other.slice(Math.max(0, end - limit), end).map(told));
  expect(window.total).toBe(other.length);
  const after = await history.listMessages(me, id, { leaf: name(at), limit, after: skipped });
  expect(after.messages).toMatchObject(
    other
      .filter((one) => one + 1 > skipped)
      .slice(0, limit)
      .map(told),
  );
  expect((await history.listVersions(me, id, name(at))).map((version) => version.id)).toEqual(
    model.versions(at).map(name),
  );
}

it("any acts on a tree, by two nodes in turn, come to what a model in memory comes to", async () => {
  const property = fc.asyncProperty(
    fc.array(act, { minLength: 1, maxLength: 8 }),
    fc.nat(99),
    async (acts, leaf) => {
      const me = newUser();
      const { conversation } = await nodes[0]!.createConversation(me);
      const model = new Model();
      for (const [index, one] of acts.entries())
        await play(nodes[index % 2]!, me, conversation.id, model, one);
      await compare(nodes[acts.length % 2]!, me, conversation.id, model, leaf);
    },
  );
  await expect(fc.assert(property, { numRuns: IS_MATRIX ? 2000 : 500 })).resolves.toBeUndefined();
});

it("pages of a branch of hundreds of segments are what a model in memory says", async () => {
  const step = fc.tuple(fc.constantFrom(0, 1, 1, 1, 2, 3, 400), fc.nat(999));
  const window = fc.record({ leaf: fc.nat(999), limit: fc.integer({ min: 1, max: 60 }), at: fc.nat(299) });
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 250, maxLength: 250 }),
    fc.array(window, { minLength: 20, maxLength: 20 }),
    fc.boolean(),
    async (steps, windows, hasDeleted) => {
      const me = newUser();
      const { conversation } = await nodes[0]!.createConversation(me);
      const model = new Model();
      for (const [back, other] of steps) {
        const branch = model.branch(model.head);
        // A few messages before the head, or anywhere.
        const parent = back < 400 ? branch.at(-1 - back) : model.live()[other % (model.live().length || 1)];
        await append(nodes[0]!, me, conversation.id, model, parent ?? null);
        if (hasDeleted && other % 40 === 0)
          await play(nodes[1]!, me, conversation.id, model, ["delete", other, other]);
      }
      const name = (at: number): string => `m${at}`;
      for (const { leaf: place, limit, at } of windows) {
        const leaf = place % 3 === 0 ? model.head! : model.live()[place % model.live().length]!;
        const branch = model.branch(leaf);
        const idsOf = async (query: MessageQuery): Promise<string[]> =>
          (
            await nodes[1]!.listMessages(me, conversation.id, { leaf: name(leaf), limit, ...query })
          ).messages.map(({ id }) => id);
        const after = branch.filter((one) => one + 1 > at);
        const rest = branch.slice(0, Math.max(0, branch.length - at));
        expect(await idsOf({ before: at + 1 })).toEqual(
          branch
            .filter((one) => one < at)
            .slice(-limit)
            .map(name),
        );
        expect(await idsOf({ after: at })).toEqual(after.slice(0, limit).map(name));
        expect(await idsOf({ offset: at })).toEqual(rest.slice(-limit).map(name));
      }
    },
  );
  await expect(fc.assert(property, { numRuns: 3 })).resolves.toBeUndefined();
});
