import { fileDatabase } from "@chatkeep/testing";
import { expect, test } from "vitest";

import { everythingOf } from "../matrix.ts";
import { newUser, startPeopleServer } from "../people.ts";

const { url } = await fileDatabase();
const { call, history } = await startPeopleServer(url);

/** A request that names a message, within a conversation. */
type Request = readonly [method: string, path: string, body?: unknown];

/** Wherever a message is named in a body or a query. */
const IN_A_VALUE: Readonly<Record<string, (id: string) => Request>> = {
  "the head": (id) => ["PATCH", "", { head_id: id }],
  "the parent of a question": (id) => ["POST", "/turns", { content: "Hello", parent_id: id }],
  "the parent of a message": (id) => ["POST", "/messages", { role: "user", content: "Hello", parent_id: id }],
  "the end of a fork": (id) => ["POST", "/fork", { message_id: id }],
  "what is restored": (id) => ["POST", "/messages/restore", { ids: [id] }],
  "what is restored besides a message that is deleted": (id) => [
    "POST",
    "/messages/restore",
    { ids: ["deleted", id] },
  ],
  "the end of a page": (id) => ["GET", `/messages?leaf=${encodeURIComponent(id)}`],
  "what is deleted": (id) => ["DELETE", `/messages?ids=${encodeURIComponent(id)}`],
  "what is deleted besides a message that is there": (id) => [
    "DELETE",
    `/messages?ids=second,${encodeURIComponent(id)}`,
  ],
  "the first that is deleted": (id) => ["DELETE", `/messages?from=${encodeURIComponent(id)}`],
};

/** Wherever a message is named in the path. */
const IN_THE_PATH: Readonly<Record<string, (id: string) => Request>> = {
  "what is read": (id) => ["GET", `/messages/${encodeURIComponent(id)}`],
  "what has versions": (id) => ["GET", `/messages/${encodeURIComponent(id)}/versions`],
  "what is answered again": (id) => ["POST", `/messages/${encodeURIComponent(id)}/regenerate`, {}],
  "the one that is deleted": (id) => ["DELETE", `/messages/${encodeURIComponent(id)}`],
};

/** Names of another person's message, of one in another conversation, and of none. */
const FORGED = [
  "theirs",
  "elsewhere",
  "0",
  "1",
  "null",
  "__proto__",
  "a/b",
  "a,b",
  "%2e%2e",
  "x".repeat(200),
  " ",
  "a b",
  "é",
  "\u0000",
];
/** Fetch resolves these in a path before the server sees them. */
const DOTS = ["", ".", ".."];

test.each([
  ...Object.entries(IN_A_VALUE).map(([place, request]) => ({ place, request, forged: [...FORGED, ...DOTS] })),
  ...Object.entries(IN_THE_PATH).map(([place, request]) => ({ place, request, forged: FORGED })),
])("a forged id of a message as $place is refused and changes nothing", async ({ request, forged }) => {
  const [me, other] = [await newUser(), await newUser()];
  const converse = async ({ owner }: typeof me, ids: readonly string[]): Promise<string> => {
    const { id } = (await history.createConversation(owner)).conversation;
    await history.appendMessages(
      owner,
      id,
      ids.map((each) => ({ id: each, role: "user", content: each })),
    );
    return id;
  };
  const mine = await converse(me, ["first", "second", "deleted"]);
  await history.deleteMessage(me.owner, mine, "deleted");
  await converse(me, ["elsewhere"]);
  const theirs = await converse(other, ["theirs"]);
  const everything = (): Promise<string[]> =>
    Promise.all([everythingOf(history, me.owner), everythingOf(history, other.owner)]);
  const before = await everything();

  const answers = async (conversation: string): Promise<string[]> => {
    const told: string[] = [];
    for (const id of forged) {
      const [method, path, body] = request(id);
      const response = await call(method, `/api/conversations/${conversation}${path}`, {
        credentials: me.credentials,
        body,
      });
      told.push(`${JSON.stringify(id)}: ${((await response.json()) as { code?: string }).code}`);
    }
    return told;
  };
  const refusals = (codes: string) =>
    forged.map(() => expect.stringMatching(`: (invalid_request|${codes})$`));
  expect(await answers(mine)).toEqual(refusals("message_not_found"));
  expect(await answers(theirs)).toEqual(refusals("forbidden"));
  expect(await everything()).toEqual(before);
  // What is deleted is no part of an export: it can still be restored, once.
  expect(await history.restoreMessages(me.owner, mine, ["deleted"])).toEqual({ restored: 1 });
});
