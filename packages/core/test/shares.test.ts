import { randomUUID } from "node:crypto";

import { ChatkeepError } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, it } from "vitest";

import { newSession, newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const fixture = openFixture(database.url, newSession);
const { history } = fixture;
afterAll(() => fixture.close());

const COUNT = 150;

/** A link to a long conversation, each of whose questions has a file. */
async function longLink(): Promise<string> {
  const owner = newUser();
  const { conversation } = await history.createConversation(owner, { title: "Long" });
  const file = await history.putFile(owner, { name: "a", mediaType: "text/plain" }, Buffer.from("words"));
  const messages = Array.from({ length: COUNT }, (_, index) =>
    index % 2 === 0
      ? {
          role: "user" as const,
          parts: [
            { type: "text" as const, text: `${index}` },
            { type: "file" as const, url: "", mime: "", file: file.id },
          ],
        }
      : { role: "assistant" as const, content: `${index}` },
  );
  await history.appendMessages(owner, conversation.id, messages);
  return (await history.createShare(owner, conversation.id)).token;
}

async function wordsOf(reader: ReturnType<typeof newUser>, id: string): Promise<string[]> {
  const early = await history.listMessages(reader, id, { after: 0, limit: 100 });
  const late = await history.listMessages(reader, id, { after: early.messages.at(-1)!.seq, limit: 100 });
  return [...early.messages, ...late.messages].map(({ content }) => content);
}

const WHOLE = Array.from({ length: COUNT }, (_, index) => String(index));

it("a copy that broke off goes on, with each message and file once", async () => {
  const token = await longLink();
  const [reader, id] = [newUser(), randomUUID()];
  let steps = 0;
  const admit = (): void => {
    // The messages of the first page, the file, and the messages of the second.
    if (++steps === 3) throw new ChatkeepError("rate_limited", "Enough for today.");
  };
  await expect(history.forkShared(reader, token, { id, admit })).rejects.toMatchObject({
    code: "rate_limited",
  });
  expect((await history.getConversation(reader, id)).messageCount).toBe(100);
  expect(await history.forkShared(reader, token, { id })).toMatchObject({ id, messageCount: COUNT });
  expect(await wordsOf(reader, id)).toEqual(WHOLE);
  expect((await history.listFiles(reader)).files).toHaveLength(1);
});

it("copies under one id at once are one copy", async () => {
  const token = await longLink();
  const [reader, id] = [newUser(), randomUUID()];
  await Promise.all([1, 2, 3].map(() => history.forkShared(reader, token, { id })));
  expect(await wordsOf(reader, id)).toEqual(WHOLE);
  expect((await history.getConversation(reader, id)).messageCount).toBe(COUNT);
  expect((await history.listFiles(reader)).files).toHaveLength(1);
});

it("a link that is deleted while its pages are read shows no further page", async () => {
  const owner = newUser();
  const { conversation } = await history.createConversation(owner);
  await history.appendMessages(owner, conversation.id, [{ role: "user", content: "Hi" }]);
  const { share, token } = await history.createShare(owner, conversation.id);
  await history.listShared(token);
  await history.deleteShare(owner, share.id);
  await expect(history.listShared(token)).rejects.toMatchObject({ code: "share_not_found", status: 404 });
});

it("the database holds no token", async () => {
  const token = await longLink();
  const { rows } = await database.pool.query<{ found: boolean }>(
    "select bool_or(s::text like '%' || $1 || '%') as found from chatkeep.shares s",
    [token],
  );
  expect(rows).toEqual([{ found: false }]);
});
