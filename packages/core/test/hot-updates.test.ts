import { createDatabase, createScriptedResponder } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

/** PostgreSQL's counters of a table. */
interface Counters {
  readonly added: number;
  readonly updated: number;
  /**
   * Updates that changed an indexed column: those that stayed on their page and touched the indexes all the same. One
   * whose page had no room says nothing: a snapshot that is still open keeps old rows there.
   */
  readonly indexed: number;
}

/** Asks that many questions in as many conversations of one owner, by turns, and gives what that did to the tables. */
async function ask(questions: number, conversations: number): Promise<(table: string) => Counters> {
  await using database = await createDatabase();
  const responder = createScriptedResponder();
  const { history, close } = openFixture(database.url, newUser, { lease: 600_000 }, responder);
  const me = newUser();
  const ids = [];
  for (let count = 0; count < conversations; count++)
    ids.push((await history.createConversation(me)).conversation.id);
  for (let turn = 0; turn < questions; turn++) {
    const id = ids[turn % conversations]!;
    const { events } = await history.startTurn(me, id, { content: `Question ${turn}` });
    const run = await responder.started(id);
    await run.emit("A line of an answer. ".repeat(20));
    run.finish();
    await collect(events);
  }
  const { rows: nodes } = await database.pool.query("select xmax::text from chatkeep.nodes");
  // Each statement of a turn holds its node. As locks on one row they would be a multixact a turn.
  expect(nodes).toEqual([{ xmax: "0" }]);
  await close();
  let tables = new Map<string, Counters>();
  // Connections tell their counters when they end.
  await expect
    .poll(async () => {
      const { rows } = await database.pool.query<Counters & { name: string }>(
        `select relname as name, n_tup_ins::int as added, n_tup_upd::int as updated,
           (n_tup_upd - n_tup_hot_upd - n_tup_newpage_upd)::int as indexed
         from pg_stat_user_tables where schemaname = 'chatkeep'`,
      );
      tables = new Map(rows.map(({ name, ...row }) => [name, row]));
      return tables.get("conversations")!.updated;
    })
    .toBe(2 * questions);
  return (table) => tables.get(table)!;
}

it("a turn is added to those that run and then to the settled, and no index is touched twice", async () => {
  const of = await ask(200, 2);
  expect(of("running_turns")).toMatchObject({ added: 200, updated: 0 });
  expect(of("turns")).toMatchObject({ added: 200, updated: 0 });
  // By its question: the other conversation was the latest.
  expect(of("conversations").indexed).toBeLessThanOrEqual(200);
  expect(of("messages").indexed).toBe(0);
});

it("a question in its owner's latest conversation leaves the indexes of conversations alone", async () => {
  const of = await ask(20, 1);
  expect(of("conversations")).toMatchObject({ updated: 40, indexed: 0 });
});
