import { RELEASE, createHistory, createPool, migrate } from "@chatkeep/core";
import { UNHURRIED, createDatabase, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, test } from "vitest";

import { newSession } from "./fixture.ts";

const file = await fileDatabase();
// As an administrator sets it for every client of a database.
await file.pool.query(`alter database ${file.name} set default_transaction_isolation = serializable`);
const pool = createPool(file.url, UNHURRIED.pool);
const { responder } = createScriptedResponder();
const history = createHistory({ ...UNHURRIED.history, pool, responder });
afterAll(async () => {
  await history.close();
  await pool.end();
});

// A sequence is not rolled back: eight transactions in nine lose, for the ids that are listed.
await file.pool.query(`
  create table public.losses (id text primary key, code text not null);
  create sequence public.attempts;
  grant select on public.losses to public;
  grant usage on public.attempts to public;
  create function public.lose() returns trigger language plpgsql as $$
  declare
    lost text := (select l.code from public.losses l where l.id = new.id);
  begin
    if lost is not null and nextval('public.attempts') % 9 <> 0 then
      raise exception 'could not serialize access' using errcode = lost;
    end if;
    return new;
  end
  $$;
  create trigger lose before insert on chatkeep.messages for each row execute function public.lose();
  create trigger lose before update of deleted_at on chatkeep.conversations for each row execute function public.lose()`);

test.for([
  ["a serialization failure", "40001"],
  ["a deadlock", "40P01"],
])("a question that meets %s eight times is stored, not answered unsaved", async ([, code]) => {
  const owner = newSession();
  const { conversation } = await history.createConversation(owner);
  await file.pool.query("insert into public.losses values ($1, $2)", [code, code]);
  const { turn } = await history.startTurn(owner, conversation.id, { id: code, content: "Is it stored?" });
  expect(turn.persisted).toBe(true);
  const { messages } = await history.listMessages(owner, conversation.id);
  expect(messages.map(({ id }) => id)).toEqual([code, turn.replyId]);
});

test("a conversation that meets a serialization failure eight times is deleted", async () => {
  const owner = newSession();
  const { conversation } = await history.createConversation(owner);
  await file.pool.query("insert into public.losses values ($1, '40001')", [conversation.id]);
  await history.deleteConversation(owner, conversation.id);
  const { conversations } = await history.listTrash(owner);
  expect(conversations.map(({ id }) => id)).toEqual([conversation.id]);
});

test("processes that migrate a serializable database at once migrate it once", async () => {
  await using empty = await createDatabase({ contents: "empty" });
  await empty.pool.query(`alter database ${empty.name} set default_transaction_isolation = serializable`);
  const holder = await empty.pool.connect();
  await holder.query("begin; select pg_advisory_xact_lock(1667785076)");
  const pools = [createPool(empty.url, UNHURRIED.pool), createPool(empty.url, UNHURRIED.pool)];
  const migrating = pools.map((one) => migrate(one));
  await expect
    .poll(async () => {
      const { rows } = await holder.query(
        `select from pg_locks l join pg_database d on d.oid = l.database
         where d.datname = current_database() and l.locktype = 'advisory' and not l.granted`,
      );
      return rows.length;
    })
    .toBe(2);
  await holder.query("commit");
  holder.release();
  const froms = (await Promise.all(migrating)).map(({ from }) => from);
  expect(froms.toSorted((one, other) => one - other)).toEqual([0, RELEASE]);
  for (const one of pools) await one.end();
});
