import { randomUUID } from "node:crypto";

import type { ResponderEvent } from "@chatkeep/protocol";
import { startApiServer } from "@chatkeep/testing/people";
import { describe, expect, it } from "vitest";

import { type Chat, VERSIONS, openChat, partsOf } from "./ai-sdk-chat.ts";

const { script, history, url, session } = await startApiServer();

// Version 5 has none.
describe.each(VERSIONS.slice(2))("tool approvals of ai %s", (_, ai) => {
  const CALL: ResponderEvent = { type: "tool-call", id: "c1", name: "pay", arguments: '{"sum":3}' };
  const open = (id = session(), chat: string = randomUUID(), stored = false): Promise<Chat> =>
    openChat({
      ai,
      url,
      session: id,
      chat,
      history,
      stored,
      sendAutomaticallyWhen: ai.lastAssistantMessageIsCompleteWithApprovalResponses,
    });
  const ask = async (page: Chat): Promise<void> => {
    const sent = page.chat.sendMessage({ text: "Pay" });
    const run = await script.started(page.id);
    await run.emit(CALL);
    await run.emit({ type: "approval-request", id: "a1", call: "c1" });
    run.finish();
    await sent;
  };
  const tools = (page: Chat) =>
    page.chat.messages.flatMap(({ parts }) => parts.filter(({ type }) => type === "tool-pay"));

  it("are asked for after a reload on another device, answered there, and gone on with once", async () => {
    const page = await open();
    await ask(page);
    expect(tools(page)).toMatchObject([{ state: "approval-requested", approval: { id: "a1" } }]);
    const device = await open(page.owner.id, page.id, true);
    expect(tools(device)).toEqual(tools(page));
    await ai.validateUIMessages({ messages: device.chat.messages });

    await device.chat.addToolApprovalResponse({ id: "a1", approved: true, reason: "it is due" });
    const run = await script.started(page.id);
    expect(run.request.question).toMatchObject({
      role: "tool",
      parts: [{ type: "approval", id: "a1", approved: true, reason: "it is due" }],
    });
    // The call is there for the responder, which makes it.
    expect(run.request.history.at(-1)?.parts).toMatchObject([
      { type: "tool-call" },
      { type: "approval-request" },
    ]);
    await run.emit({ type: "tool-result", id: "c1", result: "paid" });
    await run.emit("Paid.");
    run.finish();
    await device.until((text) => text === "Paid.");
    await device.ready();
    expect(device.errors).toEqual([]);
    expect(script.calls(page.id)).toBe(2);
    expect(tools(device)).toMatchObject([
      {
        state: "output-available",
        output: "paid",
        approval: { id: "a1", approved: true, reason: "it is due" },
      },
    ]);
    const reloaded = await open(page.owner.id, page.id, true);
    await ai.validateUIMessages({ messages: reloaded.chat.messages });
    expect(partsOf(reloaded.chat)).toEqual(partsOf(device.chat));
  });

  it("that were answered do not break a page that resumes the answer", async () => {
    const page = await open();
    await ask(page);
    await page.chat.addToolApprovalResponse({ id: "a1", approved: true });
    const run = await script.started(page.id);
    const other = await open(page.owner.id, page.id, true);
    const resumed = other.chat.resumeStream();
    await expect.poll(() => tools(other)).toMatchObject([{ state: "input-available" }]);
    await run.emit({ type: "tool-result", id: "c1", result: "paid" });
    await run.emit("Paid.");
    run.finish();
    await resumed;
    expect(other.errors).toEqual([]);
    expect(other.text()).toBe("Paid.");
    expect(tools(other)).toMatchObject([{ state: "output-available", output: "paid" }]);
    await ai.validateUIMessages({ messages: other.chat.messages });
  });

  it("that are denied are told to the model, and shown as denied", async () => {
    const page = await open();
    await ask(page);
    await page.chat.addToolApprovalResponse({ id: "a1", approved: false, reason: "too much" });
    const run = await script.started(page.id);
    await run.emit({ type: "tool-result", id: "c1", result: "too much", error: true, denied: true });
    await run.emit("I did not.");
    run.finish();
    await page.until((text) => text === "I did not.");
    await page.ready();
    expect(page.errors).toEqual([]);
    expect(tools(page)).toMatchObject([{ state: "output-denied", approval: { approved: false } }]);
    const reloaded = await open(page.owner.id, page.id, true);
    await ai.validateUIMessages({ messages: reloaded.chat.messages });
    expect(tools(reloaded)).toMatchObject([{ state: "output-denied", approval: { approved: false } }]);
  });

  it("that two pages answer count once: the second is refused", async () => {
    const page = await open();
    await ask(page);
    const other = await open(page.owner.id, page.id, true);
    await page.chat.addToolApprovalResponse({ id: "a1", approved: true });
    const run = await script.started(page.id);
    await run.emit({ type: "tool-result", id: "c1", result: "paid" });
    run.finish();
    await page.ready();
    await other.chat.addToolApprovalResponse({ id: "a1", approved: false });
    await expect.poll(() => other.errors.length).toBe(1);
    expect(script.calls(page.id)).toBe(2);
  });
});
