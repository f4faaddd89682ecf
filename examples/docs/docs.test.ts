import { randomUUID } from "node:crypto";

import { type Owner, createClient } from "@chatkeep/protocol";
import { fileDatabase, openBrowser } from "@chatkeep/testing";
import { afterAll, expect, it } from "vitest";

import { startDocsSite } from "./main.ts";

const database = await fileDatabase();
const site = await startDocsSite({ databaseUrl: database.url, logLevel: "fatal" });
afterAll(() => site.close());
const client = createClient({ baseUrl: site.url });
const newReader = (): Owner => ({ kind: "session", id: randomUUID() });

/** Asks in a document and gives the answer. */
async function ask(reader: Owner, scope: string, content: string) {
  const { conversation } = await client.createConversation(reader, { scope });
  const { turn, events } = await client.startTurn(reader, conversation.id, { content });
  for await (const _ of events);
  return { id: conversation.id, reply: (await client.getTurn(reader, conversation.id, turn.id)).reply! };
}

it("serves a plain page a document, each with the widget, and the widget itself", async () => {
  for (const path of ["/", "/site.css", "/documents/2-water.md", "/widget.js"]) {
    const response = await fetch(site.url + path);
    expect([path, response.status]).toEqual([path, 200]);
  }
});

it("keeps the panel open from document to document, and leads from an answer to the passage in the docs", async () => {
  const browser = await openBrowser();
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  const ask = async (question: string): Promise<void> => {
    await page.getByLabel("Your question").fill(question);
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator("article[data-status=complete] .ck-actions").waitFor();
  };
  await page.goto(site.url);
  await page.getByRole("button", { name: "Ask a question" }).click();
  await ask("When do I sow beans?");
  await page.getByRole("link", { name: "Water", exact: true }).click();
  await page.getByText("Ask about “Water”").waitFor();
  await ask("When should I water?");
  await page.locator("a.ck-source", { hasText: "When to water" }).click();
  await expect
    .poll(() =>
      page.evaluate(() => {
        const [range] = CSS.highlights.get("chatkeep-passage") ?? [];
        return range instanceof Range ? range.toString() : "";
      }),
    )
    .toContain("Water in the morning");
  expect(page.url()).toBe(`${site.url}/documents/2-water.md#when-to-water`);
  await page.getByRole("link", { name: "Seeds", exact: true }).click();
  await page.locator("article", { hasText: "When do I sow beans?" }).first().waitFor();
  expect(await page.locator("article").count()).toBe(2);
  await browser.close();
});

it("answers from the document that is open, with citations that open", async () => {
  const reader = newReader();
  const { reply } = await ask(reader, "2-water", "When should I water?");
  expect(reply.content).toContain("Water in the morning");
  const citation = reply.citations?.find(({ section }) => section === "When to water");
  expect(citation).toMatchObject({ path: "2-water.md", url: "/documents/2-water.md#when-to-water" });
  expect((await fetch(site.url + citation!.url!)).status).toBe(200);
});

it("keeps a conversation a document and a reader, and clears one alone", async () => {
  const [reader, other] = [newReader(), newReader()];
  const seeds = await ask(reader, "1-seeds", "When do I sow beans?");
  const water = await ask(reader, "2-water", "How much water?");
  expect(seeds.id).not.toBe(water.id);
  expect((await client.listConversations(other)).total).toBe(0);
  expect(await client.clearMessages(reader, seeds.id)).toEqual({ deleted: 2 });
  expect((await client.listMessages(reader, water.id)).total).toBe(2);
});

it("understands a follow-up after a restart", async () => {
  const reader = newReader();
  await ask(reader, "1-seeds", "When do I sow beans?");
  const again = await startDocsSite({ databaseUrl: database.url, logLevel: "fatal" });
  try {
    const restarted = createClient({ baseUrl: again.url });
    const { conversation } = await restarted.createConversation(reader, { scope: "1-seeds" });
    const { turn, events } = await restarted.startTurn(reader, conversation.id, { content: "And peas?" });
    for await (const _ of events);
    const { reply } = await restarted.getTurn(reader, conversation.id, turn.id);
    expect(reply?.content).toContain("Peas stand the cold");
  } finally {
    await again.close();
  }
});
