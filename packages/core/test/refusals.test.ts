import { randomUUID } from "node:crypto";

import { createHistory, ownerId } from "@chatkeep/core";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();
const history = createHistory({ ...UNHURRIED.history, pool: database.pool });
const me = newUser();
const owner = ownerId(me);
const text = '[{"type":"text","text":"Hello"}]';

beforeAll(async () => {
  await history.createConversation(me, { id: "c1", scope: "intro" });
  await history.createConversation(me, { scope: "setup" });
  await history.appendMessages(me, "c1", [{ id: "m1", role: "user", content: "Hello" }]);
  await insertTurn("running_turns", "11111111-1111-4111-8111-111111111111", "running", 1);
});
afterAll(() => history.close());

async function insertMessage(columns: Record<string, unknown>): Promise<void> {
  const row = {
    owner_id: owner,
    conversation_id: "c1",
    seq: 2,
    id: randomUUID(),
    role: "user",
    parts: text,
    ...columns,
  };
  const names = Object.keys(row);
  await database.pool.query(
    `insert into chatkeep.messages (${names.join(", ")}) values (${names.map((_, n) => `$${n + 1}`).join(", ")})`,
    Object.values(row),
  );
}

async function insertTurn(
  table: "turns" | "running_turns",
  id: string,
  status: string,
  question: number,
  settled?: string,
): Promise<void> {
  await database.pool.query(
    `insert into chatkeep.${table}
       (owner_id, id, conversation_id, question_seq, message_id, reply_id, status, node_id, partition, settled_at)
     values ($1, $2, 'c1', $3, 'm1', $4, $5, 0, 0, $6)`,
    [owner, id, question, randomUUID(), status, settled ?? null],
  );
}

/** The error of PostgreSQL: its code and the rule that was broken. */
async function refusalOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "accepted",
    ({ code, constraint }: { code: string; constraint: string }) => ({ code, constraint }),
  );
}

const CHECK = "23514";
const FOREIGN_KEY = "23503";
const UNIQUE = "23505";
const NOT_NULL = "23502";
/** "cannot get array length of a non-array": the check for emptiness comes first. */

describe("the database itself refuses, even a superuser,", () => {
  it.each<[string, Record<string, unknown>, string, string | undefined]>([
    ["a role that there is not", { role: "owner" }, CHECK, "messages_role"],
    ["a status that there is not", { status: "done" }, CHECK, "messages_status"],
    ["a message of no conversation", { conversation_id: "c9" }, FOREIGN_KEY, "messages_conversation"],
    [
      "a message of another owner's conversation",
      { owner_id: randomUUID() },
      FOREIGN_KEY,
      "messages_conversation",
    ],
    ["a number that was given out", { seq: 1 }, UNIQUE, "messages_pkey"],
    ["a number below one", { seq: 0 }, CHECK, "messages_seq"],
    ["an id that is there", { id: "m1" }, UNIQUE, "messages_once"],
    ["an id with a space", { id: "a b" }, CHECK, "messages_id"],
    ["an id with a line break", { id: "a\n" }, CHECK, "messages_id"],
    ["an id beyond ASCII", { id: "é" }, CHECK, "messages_id"],
    ["an empty id", { id: "" }, CHECK, "messages_id"],
    ["an id of 129 characters", { id: "a".repeat(129) }, CHECK, "messages_id"],
    ["an empty message", { parts: "[]" }, CHECK, "messages_not_empty"],
    ["an empty answer that is complete", { role: "assistant", parts: "[]" }, CHECK, "messages_not_empty"],
    ["parts that are no list", { parts: "{}" }, CHECK, "messages_parts"],
    ["no parts", { parts: null }, NOT_NULL, undefined],
  ])("%s", async (_what, columns, code, constraint) => {
    expect(await refusalOf(insertMessage(columns))).toEqual({ code, constraint });
  });

  it("a second running turn of a conversation", async () => {
    expect(await refusalOf(insertTurn("running_turns", randomUUID(), "running", 3))).toEqual({
      code: UNIQUE,
      constraint: "running_turns_pkey",
    });
  });

  it("a second turn of one question", async () => {
    await insertTurn("turns", randomUUID(), "complete", 1, "2026-11-20");
    expect(await refusalOf(insertTurn("turns", randomUUID(), "complete", 1, "2026-11-20"))).toEqual({
      code: UNIQUE,
      constraint: "turns_question",
    });
  });

  it("a settled turn without its time, and a running one with it", async () => {
    const settled = { code: CHECK, constraint: "turns_settled" };
    expect(await refusalOf(insertTurn("turns", randomUUID(), "complete", 5))).toEqual(settled);
    expect(await refusalOf(insertTurn("turns", randomUUID(), "running", 5, "2026-11-20"))).toEqual(settled);
    const running = { code: CHECK, constraint: "running_turns_status" };
    expect(await refusalOf(insertTurn("running_turns", randomUUID(), "complete", 5))).toEqual(running);
    expect(await refusalOf(insertTurn("running_turns", randomUUID(), "running", 5, "2026-11-20"))).toEqual(
      running,
    );
  });

  it.each([
    [
      "a second default of a scope",
      "set is_default = true, scope = 'setup'",
      UNIQUE,
      "conversations_default",
    ],
    ["a default of no scope", "set scope = null", CHECK, "conversations_default_scope"],
    ["a title of nobody", "set title = 'x', title_source = null", CHECK, "conversations_title"],
    ["a title of a stranger", "set title = 'x', title_source = 'cat'", CHECK, "conversations_title_source"],
    ["more deleted than there is", "set deleted_count = last_seq + 1", CHECK, "conversations_deleted"],
    ["numbers that go back", "set cleared_seq = -1", CHECK, "conversations_seq"],
    ["an id that no path can hold", "set id = 'a b'", CHECK, "conversations_id"],
    ["an owner who is not there", `set owner_id = '${randomUUID()}'`, FOREIGN_KEY, "conversations_owner"],
  ])("%s", async (_what, change, code, constraint) => {
    await database.pool.query("update chatkeep.conversations set is_default = true where id = 'c1'");
    const work = database.pool.query(`update chatkeep.conversations ${change} where id = 'c1'`);
    expect(await refusalOf(work)).toEqual({ code, constraint });
    await database.pool.query("update chatkeep.conversations set is_default = false where id = 'c1'");
  });

  it("to keep anything of a conversation that is gone", async () => {
    await database.pool.query("delete from chatkeep.conversations where id = 'c1'");
    const { rows } = await database.pool.query(
      `select (select count(*)::int from chatkeep.messages) as messages,
         (select count(*)::int from chatkeep.turns) as turns`,
    );
    expect(rows).toEqual([{ messages: 0, turns: 0 }]);
  });
});
