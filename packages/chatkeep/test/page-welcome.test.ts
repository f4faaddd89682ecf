import { fileURLToPath } from "node:url";

import { createLog } from "@chatkeep/server";
import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import { afterAll, expect, test } from "vitest";

import { openDocs } from "../src/docs.ts";
import { PHONE, openStage } from "./page-stage.ts";

const database = await fileDatabase();
const docs = openDocs({
  pool: database.pool,
  schema: "chatkeep",
  folder: fileURLToPath(new URL("../../../docs/guide", import.meta.url)),
  log: createLog({ level: "silent" }),
});
await docs.ingest();
const stage = await openStage(database.url, docs);
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  docs.close();
});

test.each([
  ["a desktop", {}],
  ["a phone", PHONE],
] as const)(
  "the welcome stays where it is when the documents to ask about come, on %s",
  async (_, screen) => {
    const held = Promise.withResolvers<void>();
    await using visit = await stage.visit({
      ...screen,
      prepare: (page) =>
        page.route("**/documents", async (route) => {
          await held.promise;
          await route.continue();
        }),
    });
    const { page } = visit;
    const heading = page.getByRole("heading", { name: "What would you like to know?" });
    await heading.waitFor();
    const before = await heading.boundingBox();
    held.resolve();
    const suggestions = page.getByRole("region", { name: "Ask about a document" });
    await suggestions.waitFor();
    expect(await heading.boundingBox()).toEqual(before);
    expect(await axeViolations(page)).toEqual([]);
    await suggestions.getByRole("button").first().click();
    await page.getByText("Tell me about “What Chatkeep is”").first().waitFor();
  },
);
