import { randomUUID } from "node:crypto";

import type { ResponderEvent } from "@chatkeep/protocol";
import { startApiServer } from "@chatkeep/testing/people";
import { describe, expect, it } from "vitest";

import { type Chat, VERSIONS, openChat, partsOf } from "./ai-sdk-chat.ts";

const { script, history, url, session } = await startApiServer();

const CALLS: ResponderEvent[] = [
  { type: "tool-call", id: "c1", name: "locate", arguments: "{}" },
  { type: "tool-call", id: "c2", name: "confirm", arguments: "{}" },
];
const APPROVALS: ResponderEvent[] = [
  { type: "approval-request", id: "a1", call: "c1" },
  { type: "approval-request", id: "a2", call: "c2" },
];

const ask = async (page: Chat, events: readonly ResponderEvent[]): Promise<void> => {
  const sent = page.chat.sendMessage({ text: "Where am I?" });
  const run = await script.started(page.id);
  for (const event of events) await run.emit(event);
  run.finish();
  await sent;
};
const tell = async (page: Chat, toolCallId: string, output: unknown): Promise<void> => {
  const tool = toolCallId === "c1" ? "locate" : "confirm";
  await page.chat.addToolOutput({ tool, toolCallId, output });
  await page.chat.sendMessage();
};
const goOn = async (page: Chat) => {
  const run = await script.started(page.id);
  await run.emit("In Graz.");
  run.finish();
  return run.request;
};
/** Opens a page, or another one of the same chat. */
const opener =
  (ai: (typeof VERSIONS)[number][1]) =>
  (first?: Chat): Promise<Chat> =>
    openChat({
      ai,
      url,
      session: first?.owner.id ?? session(),
      chat: first?.id ?? randomUUID(),
      history,
      stored: first !== undefined,
    });

describe.each(VERSIONS)("two pages of ai %s that answer one call each", (_, ai) => {
  const open = opener(ai);

  it("go on once with both, and a reload between shows the first", async () => {
    const page = await open();
    await ask(page, CALLS);
    const other = await open(page);
    await tell(page, "c1", { city: "Graz" });
    expect(script.calls(page.id)).toBe(1);
    const between = await open(page);
    expect(partsOf(between.chat)).toEqual(partsOf(page.chat));
    const told = tell(other, "c2", "yes");
    expect((await goOn(page)).question.parts).toEqual([
      { type: "tool-result", id: "c1", result: { city: "Graz" } },
      { type: "tool-result", id: "c2", result: "yes" },
    ]);
    await told;
    expect(other.text()).toBe("In Graz.");
    expect([...page.errors, ...other.errors]).toEqual([]);
    expect(script.calls(page.id)).toBe(2);
    const reloaded = await open(page);
    await ai.validateUIMessages({ messages: reloaded.chat.messages });
    expect(reloaded.chat.messages).toHaveLength(2);
    expect(reloaded.chat.messages[1]!.parts).toMatchObject([
      ...(reloaded.chat.messages[1]!.parts[0]!.type === "step-start" ? [{}] : []),
      { toolCallId: "c1", output: { city: "Graz" } },
      { toolCallId: "c2", output: "yes" },
      { type: "step-start" },
      { type: "text", text: "In Graz." },
    ]);
  });

  it("at the same moment go on once with both", async () => {
    const page = await open();
    await ask(page, CALLS);
    const other = await open(page);
    const told = [tell(page, "c1", "Graz"), tell(other, "c2", "yes")];
    const { question } = await goOn(page);
    expect(question.parts).toHaveLength(2);
    await Promise.all(told);
    expect([...page.errors, ...other.errors]).toEqual([]);
    expect(script.calls(page.id)).toBe(2);
  });

  it("may say the same twice, and not two things of one call", async () => {
    const page = await open();
    await ask(page, CALLS);
    const [other, third] = [await open(page), await open(page)];
    await tell(page, "c1", "Graz");
    await tell(other, "c1", "Graz");
    expect([...page.errors, ...other.errors]).toEqual([]);
    await tell(third, "c1", "Linz");
    expect(third.errors).toHaveLength(1);
    const told = tell(other, "c2", "yes");
    await goOn(page);
    await told;
    expect(other.text()).toBe("In Graz.");
    expect(script.calls(page.id)).toBe(2);
  });
});

// Version 5 has no approvals.
it.each(VERSIONS.slice(2))(
  "two pages of ai %s that decide one approval each go on once with both",
  async (_, ai) => {
    const open = opener(ai);
    const page = await open();
    await ask(page, [...CALLS, ...APPROVALS]);
    const other = await open(page);
    await page.chat.addToolApprovalResponse({ id: "a1", approved: true });
    await page.chat.sendMessage();
    expect(script.calls(page.id)).toBe(1);
    await other.chat.addToolApprovalResponse({ id: "a2", approved: false });
    const told = other.chat.sendMessage();
    expect((await goOn(page)).question.parts).toEqual([
      { type: "approval", id: "a1", approved: true },
      { type: "approval", id: "a2", approved: false },
    ]);
    await told;
    expect([...page.errors, ...other.errors]).toEqual([]);
    expect(script.calls(page.id)).toBe(2);
  },
);
