import type { ResponderEvent } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Host, openHost } from "./host.ts";

const database = await fileDatabase();
let host: Host;
beforeAll(async () => {
  host = await openHost("react", database.url);
});
afterAll(() => host[Symbol.asyncDispose]());

const field = (page: Page) => page.getByLabel("Your question");
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const answers = (page: Page): Promise<string[]> => page.locator(".ck-answer .ck-markdown").allInnerTexts();

async function ask(page: Page, question: string): Promise<string> {
  await field(page).fill(question);
  await page.keyboard.press("Enter");
  await page.waitForURL(/#./);
  return new URL(page.url()).hash.slice(1);
}

const call = (id: string, to: string): ResponderEvent => ({
  type: "tool-call",
  id,
  name: "send_email",
  arguments: JSON.stringify({ to, lines: ["Hello", "<b>there</b>"] }),
});
const request = (id: string, of: string, reason = "It costs money."): ResponderEvent => ({
  type: "approval-request",
  id,
  call: of,
  reason,
});

test("a call that asks for approval is approved with the keyboard on another device, once, and shown in one answer", async () => {
  await using person = await host.person();
  const page = await person.open();
  const id = await ask(page, "Write to Ada");
  const run = await host.script.started(id);
  await run.emit("I will write.");
  await run.emit(call("c1", "ada@example.org"));
  await run.emit(request("a1", "c1", "It leaves the house."));
  run.finish();
  await page.getByRole("alert").getByText("Allow send_email?").waitFor();
  await page.reload();
  const card = page.getByRole("region", { name: "Allow send_email?" });
  await card.waitFor();
  expect(await card.locator("dt, dd").allInnerTexts()).toEqual([
    "to",
    "ada@example.org",
    "lines",
    '[\n  "Hello",\n  "<b>there</b>"\n]',
  ]);
  await card.getByText("It leaves the house.").waitFor();
  const violations = await axeViolations(page);
  expect(violations.filter((violation) => !violation.startsWith("page-has-heading-one"))).toEqual([]);

  await using device = await host.person(person.owner);
  const other = await device.open(id);
  await button(other, "Approve").focus();
  await other.keyboard.press("Enter");
  const next = await host.script.started(id);
  expect(next.request.question).toMatchObject({
    role: "tool",
    parts: [{ type: "approval", id: "a1", approved: true }],
  });
  await other.getByText("Using send_email…").waitFor();
  expect(await other.evaluate(() => document.activeElement?.tagName)).toBe("TEXTAREA");
  await next.emit({ type: "tool-result", id: "c1", result: { sent: true } });
  await next.emit("It is sent.");
  next.finish();
  await other.getByText("It is sent.").waitFor();

  // The first device still asks, and is told that it was decided.
  await button(page, "Deny").click();
  await page.getByText("It is sent.").waitFor();
  for (const shown of [page, other]) {
    await shown.getByText("Used send_email").waitFor();
    expect(await shown.locator(".ck-answer").count()).toBe(1);
    expect(await answers(shown)).toEqual(["I will write.", "It is sent."]);
  }
  expect(host.script.calls(id)).toBe(2);
  await page.reload();
  await page.getByText("It is sent.").waitFor();
  expect(await answers(page)).toEqual(["I will write.", "It is sent."]);
});

test("several calls are decided one by one, also over a reload and on another device, and the answer goes on once with all", async () => {
  await using person = await host.person();
  const page = await person.open();
  const id = await ask(page, "Write to all");
  const run = await host.script.started(id);
  const calls = ["ada", "bob", "eve", "dan"].flatMap((to, index) => [
    call(`c${index + 1}`, to),
    request(`a${index + 1}`, `c${index + 1}`),
  ]);
  for (const event of calls) await run.emit(event);
  run.finish();
  const asked = (shown: Page) => shown.locator(".ck-approval");
  await expect.poll(() => asked(page).count()).toBe(4);
  await page.locator(".ck-thread:not([data-running])").waitFor();
  // The second is decided while the first is on its way.
  let sent = 0;
  page.on("response", (response) => (sent += response.url().endsWith("/turns") ? 1 : 0));
  await button(page, "Approve").first().click();
  await expect.poll(() => asked(page).count()).toBe(3);
  await button(page, "Deny").first().click();
  await expect.poll(() => asked(page).count()).toBe(2);
  await expect.poll(() => sent).toBe(2);
  await page.locator(".ck-thread:not([data-running])").waitFor();
  // The alert says what is asked; "Answer ready" beside it would be wrong.
  const ready = page.getByRole("status").filter({ hasText: "Answer ready" });
  await expect.poll(() => page.locator(".ck-thread > output").innerText()).toBe("Answer ready");
  expect(await ready.count()).toBe(0);

  await page.reload();
  await expect.poll(() => asked(page).count()).toBe(2);
  expect(await answers(page)).toEqual([]);
  await using device = await host.person(person.owner);
  const other = await device.open(id);
  await expect.poll(() => asked(other).count()).toBe(2);
  const second = other.waitForResponse((response) => response.url().endsWith("/turns"));
  await button(other, "Deny").first().click();
  await second;
  expect(host.script.calls(id)).toBe(1);

  // A decision that could not be sent is kept over a reload.
  await page.reload();
  await expect.poll(() => asked(page).count()).toBe(1);
  await person.context.route("**/turns", (route) => route.fulfill({ status: 503, body: "{}" }));
  await button(page, "Deny").click();
  await page.getByText("Not sent.").first().waitFor();
  await page.reload();
  await page.getByText("Not sent.").first().waitFor();
  await person.context.unroute("**/turns");
  await button(page, "Retry").first().click();
  const next = await host.script.started(id);
  expect(next.request.question.parts).toEqual([
    { type: "approval", id: "a1", approved: true },
    { type: "approval", id: "a2", approved: false },
    { type: "approval", id: "a3", approved: false },
    { type: "approval", id: "a4", approved: false },
  ]);
  await next.emit({ type: "tool-result", id: "c1", result: "sent" });
  for (const one of ["c2", "c3", "c4"])
    await next.emit({ type: "tool-result", id: one, result: "denied", error: true, denied: true });
  await next.emit("One is sent.");
  next.finish();
  await page.getByText("One is sent.").waitFor();
  await ready.waitFor();
  expect(await page.locator("summary").allInnerTexts()).toEqual([
    "Used send_email",
    "send_email was denied",
    "send_email was denied",
    "send_email was denied",
  ]);
});

test("an answer that was cut off goes on from its last words, in one message that is there after a reload", async () => {
  await using person = await host.person();
  const page = await person.open();
  const id = await ask(page, "Where is the heron?");
  const run = await host.script.started(id);
  await run.emit("At the po");
  await page.getByText("At the po").waitFor();
  run.fail(new Error("the model broke off"));
  await button(page, "Continue").click();
  const next = await host.script.started(id);
  expect(next.request).toMatchObject({
    question: { content: "Where is the heron?" },
    answer: [{ type: "text", text: "At the po" }],
  });
  await next.emit("nd, by");
  await page.getByText("At the pond, by").waitFor();
  await next.emit(" the reeds.");
  next.finish();
  await page.getByText("At the pond, by the reeds.").waitFor();
  await page.locator("article[data-status=complete] .ck-actions").last().waitFor();
  expect(await page.locator("article").count()).toBe(2);
  await page.reload();
  await page.getByText("At the pond, by the reeds.").waitFor();
  expect(await answers(page)).toEqual(["At the pond, by the reeds."]);
  expect(await page.locator(".ck-answer .ck-notice").count()).toBe(0);
});

test("sources are a list of links, each page once, and no address that is not safe", async () => {
  const owner = { kind: "session", id: crypto.randomUUID() } as const;
  const { conversation } = await host.history().createConversation(owner);
  await host.history().appendMessages(owner, conversation.id, [
    { role: "user", content: "What is new?" },
    {
      role: "assistant",
      parts: [
        { type: "text", text: "This and that." },
        { type: "source", id: "1", url: "https://news.example.org/a", title: "This" },
        { type: "source", id: "2", url: "https://news.example.org/a", title: "This" },
        { type: "source", id: "3", url: "https://other.example.org/b" },
        { type: "source", id: "4", url: "javascript:alert(1)", title: "That" },
        { type: "source", id: "5", mime: "application/pdf", name: "report.pdf" },
      ],
    },
  ]);
  await using person = await host.person(owner);
  const page = await person.open(conversation.id);
  const list = page.getByRole("list", { name: "Sources" });
  await list.waitFor();
  expect(await list.locator("li").allInnerTexts()).toEqual([
    "This",
    "other.example.org",
    "That",
    "report.pdf",
  ]);
  expect(
    await list.locator("a").evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href)),
  ).toEqual(["https://news.example.org/a", "https://other.example.org/b"]);
});

test("older messages that cannot be read are told of, and come by themselves once they can be", async () => {
  const owner = { kind: "session", id: crypto.randomUUID() } as const;
  const { conversation } = await host.history().createConversation(owner);
  const messages = Array.from({ length: 60 }, (_, index) => ({
    role: "user" as const,
    content: `No. ${index}.`,
  }));
  await host.history().appendMessages(owner, conversation.id, messages);
  await using person = await host.person(owner);
  await person.context.route("**/messages?*before=*", (route) => route.fulfill({ status: 503, body: "{}" }));
  const page = await person.open(conversation.id);
  await page.locator("article", { hasText: "No. 59." }).waitFor();
  await page.locator(".ck-scroll").evaluate((element) => (element.scrollTop = 0));
  await page.getByText("Earlier messages could not be loaded.").waitFor();
  await person.context.unroute("**/messages?*before=*");
  await expect.poll(() => page.locator("article").count()).toBe(60);
});
