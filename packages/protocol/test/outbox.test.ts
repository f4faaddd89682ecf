import { type OutboxEntry, type OutboxStorage, createClient, createOutbox } from "@chatkeep/protocol";
import { freePort } from "@chatkeep/testing";
import { expect, test } from "vitest";

const owner = { kind: "session", id: "3f0f8a1e-7f0c-4d3b-9d5b-0a1c2b3d4e5f" } as const;

/** What two tabs of a browser share. */
function sharedStorage(): OutboxStorage {
  const kept = new Map<string, OutboxEntry>();
  return {
    load: () => [...kept.values()],
    put: (entry) => void kept.set(entry.question.id, entry),
    remove: (id) => void kept.delete(id),
  };
}

test("of two tabs that keep a question at once neither loses the other's", async () => {
  const history = createClient({ baseUrl: `http://127.0.0.1:${await freePort()}` });
  const storage = sharedStorage();
  const tabs = await Promise.all([1, 2].map(() => createOutbox({ history, owner, storage })));
  const asked = tabs.map((tab, index) => tab.send("c", { id: `q${index}`, content: `From tab ${index}` }));
  await expect(Promise.all(asked)).rejects.toMatchObject({ code: "unavailable" });
  await Promise.allSettled(asked);
  const reloaded = await createOutbox({ history, owner, storage });
  expect(reloaded.entries().map(({ question }) => question.content)).toEqual(["From tab 0", "From tab 1"]);

  expect((await tabs[0]!.withdraw("q0"))?.question.content).toBe("From tab 0");
  expect(await tabs[0]!.withdraw("q0")).toBeNull();
  expect((await storage.load()).map(({ question }) => question.id)).toEqual(["q1"]);
  for (const outbox of [...tabs, reloaded]) outbox.close();
});
