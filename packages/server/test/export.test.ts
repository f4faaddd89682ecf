import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createHistory, createPool, ownerId } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { expect, it } from "vitest";

import { newSession, startPeopleServer } from "./people.ts";

const database = await fileDatabase();
const COUNT = 60_000;
const BYTES = 1_500;

it("an export of 90 MB is served in 64 MB of heap", async () => {
  const session = randomUUID();
  const owner: Owner = { kind: "session", id: session };
  const pool = createPool(database.url, UNHURRIED.pool);
  const history = createHistory({ ...UNHURRIED.history, pool });
  const { conversation } = await history.createConversation(owner);
  await database.pool.query(
    `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
     select $1, $2, seq, 'm' || seq, 'user', json_build_array(json_build_object('type', 'text', 'text', repeat('x', $4)))
     from generate_series(1, $3::bigint) seq`,
    [ownerId(owner), conversation.id, COUNT, BYTES],
  );
  await database.pool.query("update chatkeep.conversations set last_seq = $2 where id = $1", [
    conversation.id,
    COUNT,
  ]);
  await history.close();
  await pool.end();

  // Held at once the process would end without a word.
  const script = fileURLToPath(new URL("fixtures/export.ts", import.meta.url));
  const bounds = ["--max-old-space-size=64", "--conditions=@chatkeep/source"];
  const { stdout } = await promisify(execFile)(process.execPath, [...bounds, script, database.url, session]);
  const told = JSON.parse(stdout) as Record<string, unknown>;
  expect(told).toMatchObject({ status: 200, type: "application/jsonl; charset=utf-8", lines: COUNT + 2 });
  expect(told["bytes"]).toBeGreaterThan(COUNT * BYTES);
  const end = { type: "end", conversations: 1, messages: COUNT, files: 0 };
  expect((told["end"] as string).endsWith(`\n${JSON.stringify(end)}\n`)).toBe(true);
});

it("a reader who leaves ends the export, and a receipt tells what was erased", async () => {
  const { call, history } = await startPeopleServer(database.url);
  const { owner, credentials } = newSession();
  const { conversation } = await history.createConversation(owner);
  const inputs = Array.from({ length: 1_000 }, () => ({ role: "user" as const, content: "x".repeat(500) }));
  await history.appendMessages(owner, conversation.id, inputs);
  const response = await call("GET", "/api/me/export", { credentials });
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("content-disposition")).toContain("attachment");
  const erased = await call("DELETE", "/api/me", { credentials });
  expect(await erased.json()).toMatchObject({ conversations: 1, messages: 1_000, turns: 0 });
  expect((await history.listConversations(owner)).total).toBe(0);
});
