import type { ConnectionPool } from "@chatkeep/core";

/** A thing to do. */
export interface Todo {
  readonly id: number;
  readonly title: string;
  readonly done: boolean;
}

/** The app's own table, beside Chatkeep's, in the same database. */
export interface Todos {
  setUp(): Promise<void>;
  list(user: string, which: "open" | "done" | "all"): Promise<Todo[]>;
  create(user: string, title: string): Promise<Todo>;
  complete(user: string, id: number): Promise<void>;
  remove(user: string, id: number): Promise<void>;
}

/** Todos on a pool. */
export function createTodos(pool: ConnectionPool): Todos {
  const ask = async (text: string, values: unknown[]): Promise<Todo[]> =>
    (await pool.query({ text, values })).rows as Todo[];
  return {
    async setUp() {
      await pool.query({
        text: `create table if not exists todos (
          id integer generated always as identity primary key,
          user_id text not null,
          title text not null,
          done boolean not null default false
        )`,
      });
    },
    list: (user, which) =>
      ask(
        `select id, title, done from todos
         where user_id = $1 and ($2 = 'all' or done = ($2 = 'done')) order by id`,
        [user, which],
      ),
    async create(user, title) {
      const [todo] = await ask(
        "insert into todos (user_id, title) values ($1, $2) returning id, title, done",
        [user, title],
      );
      if (todo === undefined) throw new Error("The insert returned nothing.");
      return todo;
    },
    async complete(user, id) {
      await ask("update todos set done = true where user_id = $1 and id = $2", [user, id]);
    },
    async remove(user, id) {
      await ask("delete from todos where user_id = $1 and id = $2", [user, id]);
    },
  };
}
