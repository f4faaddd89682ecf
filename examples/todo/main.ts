import { createPool } from "@chatkeep/core";
import { seedApis } from "@chatkeep/seeds";
import {
  type Listener,
  authenticatePeople,
  createChatkeep,
  createLog,
  createTokenCheck,
  listen,
} from "@chatkeep/server";

import { createAssistant } from "./assistant.ts";
import { createTodos } from "./todos.ts";

/** A running Todo app. */
export interface TodoApp {
  readonly url: string;
  close(): Promise<void>;
}

export interface TodoAppOptions {
  readonly databaseUrl: string;
  /** What the login signs its tokens with: HS256, at least 32 bytes. */
  readonly secret: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `info`. */
  readonly logLevel?: string;
}

/** Starts the app: its own table, Chatkeep's beside it, and every API of Chatkeep on one port. */
export async function startTodoApp(options: TodoAppOptions): Promise<TodoApp> {
  const pool = createPool(options.databaseUrl);
  const log = createLog({ level: options.logLevel ?? "info" });
  const todos = createTodos(pool);
  await todos.setUp();
  const chatkeep = createChatkeep({
    pool,
    authenticate: authenticatePeople(createTokenCheck({ key: { secret: options.secret } })),
    responder: createAssistant(todos),
    apis: [seedApis()],
    log,
  });
  await chatkeep.migrate();
  const server = { fetch: chatkeep.fetch, routes: [] };
  const listener: Listener = await listen({ server, port: options.port ?? 0, log });
  return {
    url: listener.url,
    async close() {
      await listener.close({ grace: 1000 });
      await chatkeep.close({ grace: 1000 });
      await pool.end();
    },
  };
}

if (import.meta.main) {
  const { DATABASE_URL, TODO_SECRET, PORT } = process.env;
  if (DATABASE_URL === undefined || TODO_SECRET === undefined) {
    console.error("Set DATABASE_URL, and TODO_SECRET to what your login signs its tokens with.");
    process.exit(2);
  }
  const app = await startTodoApp({
    databaseUrl: DATABASE_URL,
    secret: TODO_SECRET,
    port: Number(PORT ?? 3000),
  });
  console.log(`The Todo app listens at ${app.url}`);
  process.once("SIGTERM", () => void app.close());
  process.once("SIGINT", () => void app.close());
}
