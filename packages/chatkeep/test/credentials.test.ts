import { randomUUID } from "node:crypto";

import { createHistory, createPool } from "@chatkeep/core";
import { mintToken } from "@chatkeep/server";
import { UNHURRIED, fileDatabase, startChatkeep } from "@chatkeep/testing";
import { expect, test } from "vitest";

import { callCommand, runCommand } from "./command.ts";

const database = await fileDatabase();
const CHATKEEP_JWT_SECRET = "a secret of tests that is longer than 32 bytes";
const DATABASE_URL = database.url;

test("a token of `chatkeep token` and a key of `chatkeep key` let the server know its user, and nothing of them is logged", async () => {
  const { stdout: token } = await runCommand(["token", "--user", "ada", "--expires", "5m"], {
    CHATKEEP_JWT_SECRET,
  });
  const made = await runCommand(["key", "--name", "shop"]);
  const [, key = ""] = /^key +(\S+)$/m.exec(made.stdout) ?? [];
  const [, entry = ""] = /^entry +(\S+)$/m.exec(made.stdout) ?? [];
  expect(entry).toMatch(/^shop:[0-9a-f]{64}$/);
  await using chatkeep = await startChatkeep({
    env: { DATABASE_URL, CHATKEEP_JWT_SECRET, CHATKEEP_API_KEYS: entry, LOG_LEVEL: "trace" },
  });
  const session = randomUUID();
  const words = `words-${randomUUID()}`;
  const send = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: object,
  ): Promise<{ status: number; json: Record<string, unknown> }> => {
    const response = await fetch(chatkeep.url + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  const ada = { authorization: `Bearer ${token.trim()}` };
  const shop = { authorization: `Bearer ${key}`, "x-chatkeep-user": "ada" };

  const begun = await send("POST", "/api/conversations", { "x-session-id": session }, { title: words });
  expect(begun.status).toBe(201);
  const asked = await send(
    "POST",
    `/api/conversations/${String(begun.json["id"])}/turns`,
    { "x-session-id": session },
    { content: words },
  );
  expect(asked.status).toBe(200);
  const claimed = await send("POST", "/api/sessions/claim", { ...ada, "x-session-id": session });
  expect(claimed).toEqual({ status: 200, json: { claimed: 1 } });
  const listed = await send("GET", "/api/conversations", ada);
  expect(listed.json).toMatchObject({ total: 1, conversations: [{ user_id: "ada", title: words }] });
  const written = await send("POST", `/api/conversations/${String(begun.json["id"])}/messages`, shop, {
    role: "assistant",
    content: words,
  });
  expect(written).toMatchObject({ status: 201, json: { role: "assistant" } });
  for (const bad of [
    { authorization: "Bearer not.a.token" },
    { authorization: `Bearer ${key}x`, "x-chatkeep-user": "ada" },
    {},
  ]) {
    expect((await send("GET", "/api/conversations", bad)).status).toBe(401);
  }

  const log = chatkeep.stdout() + chatkeep.stderr();
  expect(log).toContain("/api/sessions/claim");
  for (const secret of [session, words, token.trim(), key, CHATKEEP_JWT_SECRET, entry.slice(5)]) {
    expect(log).not.toContain(secret);
  }
  const { rows } = await database.pool.query(
    "select distinct actor, action from chatkeep.audit order by actor, action",
  );
  expect(rows).toEqual([
    { actor: "key:shop", action: "act" },
    { actor: "owner", action: "claim" },
  ]);
});

test("export writes JSON Lines, erase erases, prune prunes, each with a sentence", async () => {
  const pool = createPool(DATABASE_URL, UNHURRIED.pool);
  const history = createHistory({ ...UNHURRIED.history, pool });
  const id = randomUUID();
  const owner = { kind: "session", id } as const;
  const { conversation } = await history.createConversation(owner);
  await history.appendMessages(owner, conversation.id, [{ role: "user", content: "Take me along" }]);
  await history.close();
  await pool.end();

  const exported = await callCommand(["export", "--session", id], { DATABASE_URL });
  expect(exported.code).toBe(0);
  const lines = exported.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });
  expect(lines.map(({ type }) => type)).toEqual(["conversation", "message", "end"]);
  const erased = await callCommand(["erase", "--session", id], { DATABASE_URL });
  expect(erased).toEqual({
    code: 0,
    stdout: "Erased 1 conversations with 1 messages and 0 turns.\n",
    stderr: "",
  });
  const pruned = await callCommand(["prune"], { DATABASE_URL });
  expect(pruned).toEqual({ code: 0, stdout: "There was nothing to prune.\n", stderr: "" });
});

test("a command finds a user who signs in with the issuer", async () => {
  const pool = createPool(DATABASE_URL, UNHURRIED.pool);
  const history = createHistory({ ...UNHURRIED.history, pool });
  const id = randomUUID();
  const owner = { kind: "user", id, issuer: OIDC.CHATKEEP_OIDC_ISSUER } as const;
  await history.createConversation(owner);
  await history.close();
  await pool.end();

  const erased = await callCommand(["erase", "--user", id], { DATABASE_URL, ...OIDC });
  expect(erased.stdout).toBe("Erased 1 conversations with 0 messages and 0 turns.\n");
});

const OIDC = {
  CHATKEEP_OIDC_ISSUER: "https://login.example.org",
  CHATKEEP_OIDC_CLIENT_ID: "chatkeep",
  CHATKEEP_OIDC_CLIENT_SECRET: "secret",
};

test.each([
  [["export"], {}, "Say whose: chatkeep export --user <id>, or --session <id>."],
  [["erase", "--user", "a", "--session", "b"], {}, "Say whose: chatkeep erase"],
  [["erase", "--session", "mine"], {}, "A session's id is a UUID v4."],
  [["token"], { CHATKEEP_JWT_SECRET }, "Say for whom: chatkeep token --user <id>."],
  [["token", "--user", "ada"], {}, "A token can be made where CHATKEEP_JWT_SECRET is set"],
  [["token", "--user", "a", "--expires", "soon"], { CHATKEEP_JWT_SECRET }, "--expires is a time such as"],
  [["key", "--name", "two words"], {}, "A key's name has 1 to 64 letters"],
  [["serve"], { CHATKEEP_JWT_SECRET: "secret" }, "CHATKEEP_JWT_SECRET has 6 bytes and needs at least 32"],
  [
    ["serve"],
    { CHATKEEP_JWKS_URL: "http://login.example.org/keys" },
    "CHATKEEP_JWKS_URL must be an https://",
  ],
  [
    ["serve"],
    { CHATKEEP_JWT_SECRET, CHATKEEP_JWKS_URL: "https://login.example.org/keys" },
    "Set CHATKEEP_JWT_SECRET or CHATKEEP_JWKS_URL, not both",
  ],
  [
    ["serve"],
    { CHATKEEP_OIDC_ISSUER: "https://login.example.org" },
    "Set CHATKEEP_OIDC_ISSUER, CHATKEEP_OIDC_",
  ],
  [
    ["serve"],
    { ...OIDC, CHATKEEP_OIDC_ISSUER: "http://login.example.org" },
    "CHATKEEP_OIDC_ISSUER must be an https://",
  ],
  [
    ["serve"],
    { ...OIDC, CHATKEEP_OIDC_REDIRECT_URL: "https://chat.example.org/callback" },
    "CHATKEEP_OIDC_REDIRECT_URL must be an https:// address that ends with",
  ],
  [
    ["serve"],
    { CHATKEEP_API_KEYS: "shop:hunter2-secret" },
    "CHATKEEP_API_KEYS cannot be used: entry 1 (shop)",
  ],
  [["serve"], { CHATKEEP_API_KEYS: "hunter2-secret" }, "CHATKEEP_API_KEYS cannot be used: entry 1 must be"],
  [["serve"], { CHATKEEP_ORIGINS: "docs.example.org" }, "CHATKEEP_ORIGINS must list sites"],
  [["serve"], { CHATKEEP_HIDE_EXISTENCE: "maybe" }, "CHATKEEP_HIDE_EXISTENCE must be true or false"],
  [["serve"], { CHATKEEP_LIMIT_TURNS: "many" }, "CHATKEEP_LIMIT_TURNS must be a whole number"],
  [["serve"], { CHATKEEP_UNDO: "-1" }, "CHATKEEP_UNDO must be a number of days"],
])("%j with %j is answered with a sentence", async (args, env, sentence) => {
  const { code, stdout, stderr } = await callCommand(args, { DATABASE_URL, ...env });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(sentence);
  expect(stderr).not.toContain("hunter2");
});

test("serve refuses to start when one person's rows could be had by another", async () => {
  await database.pool.query("alter table chatkeep.messages disable row level security");
  try {
    const { code, stderr } = await runCommand(["serve"], { DATABASE_URL, PORT: "0" });
    expect(code).toBe(1);
    expect(stderr).toContain("The table messages has no forced row-level security.");
    const doctor = await callCommand(["doctor"], { DATABASE_URL });
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/^fail +isolation +The table messages/m);
  } finally {
    await database.pool.query("alter table chatkeep.messages enable row level security");
  }
});

test("a token of another secret is nobody's", async () => {
  await using chatkeep = await startChatkeep({ env: { DATABASE_URL, CHATKEEP_JWT_SECRET } });
  const token = await mintToken({ secret: CHATKEEP_JWT_SECRET.toUpperCase(), user: "ada" });
  const response = await fetch(`${chatkeep.url}/api/conversations`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
});
