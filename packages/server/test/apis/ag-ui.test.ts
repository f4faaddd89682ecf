import { randomUUID } from "node:crypto";

import * as newest from "@ag-ui/client";
import type { BaseEvent, HttpAgent, Message, ResumeEntry, RunAgentInput } from "@ag-ui/client";
import { type ResponderEvent, contentOf } from "@chatkeep/protocol";
import { startServer } from "@chatkeep/testing/server";
import * as before1 from "ag-ui-client0";
import { describe, expect, test } from "vitest";

const { url, history, script, send, refused, session } = await startServer();

type Client = typeof newest;
/** The versions of the client, and what they tell the server of it when they connect. */
const CLIENTS: readonly (readonly [version: string, client: Client, search: string])[] = [
  ["1.0", newest, ""],
  ["0.0.59", before1 as unknown as Client, "?protocol_version=0.0.59"],
];

interface ThreadAgent extends HttpAgent {
  readonly events: BaseEvent[];
}

const user = (content: string): Message => ({ id: randomUUID(), role: "user", content });

/** Answers the next question of a thread. */
async function answer(threadId: string, ...events: readonly ResponderEvent[]): Promise<void> {
  const run = await script.started(threadId);
  for (const event of events) await run.emit(event);
  run.finish();
}

async function ask(agent: ThreadAgent, text: string, ...events: readonly ResponderEvent[]): Promise<void> {
  agent.addMessage(user(text));
  await Promise.all([agent.runAgent(), answer(agent.threadId, ...events)]);
}

const WEATHER: readonly ResponderEvent[] = [
  { type: "reasoning", text: "Look it up." },
  "One moment. ",
  { type: "tool-call-delta", id: "c", name: "look_up", delta: '{ "day":' },
  { type: "tool-call", id: "c", name: "look_up", arguments: '{ "day": "Monday" }' },
  { type: "tool-result", id: "c", result: { Monday: "rain" } },
  "It rains.",
  {
    type: "citation",
    citation: { path: "a.md", chapter: "A", section: null, anchor: null, quote: null, score: 1, url: null },
  },
  " Bye.",
];

describe.each(CLIENTS)("with `@ag-ui/client` %s", (version, client, search) => {
  /** An agent over the server that also connects to a thread that exists. */
  class Connecting extends client.HttpAgent implements ThreadAgent {
    events: BaseEvent[] = [];
    protected override connect(input: RunAgentInput) {
      const path = `${this.url}/threads/${input.threadId}/events${search}`;
      return client.transformHttpEventStream(
        client.runHttpRequest(() => fetch(path, { headers: this.headers })),
      );
    }
  }

  function agentOf(owner: string, threadId: string = randomUUID()): ThreadAgent {
    const agent = new Connecting({ url: `${url}/ag-ui`, headers: { "x-session-id": owner }, threadId });
    agent.subscribe({ onEvent: ({ event }) => void agent.events.push(event) });
    return agent;
  }

  test("a run waits for the answer that is given, if its forwarded properties say so", async () => {
    const me = session();
    const agent = agentOf(me);
    agent.addMessage(user("One?"));
    const first = agent.runAgent();
    const run = await script.started(agent.threadId);
    const other = agentOf(me, agent.threadId);
    other.addMessage(user("Two?"));
    const second = other.runAgent({ forwardedProps: { when_busy: "queue" } });
    const owner = { kind: "session", id: me } as const;
    await expect.poll(async () => (await history.listQueuedQuestions(owner, agent.threadId)).length).toBe(1);
    await run.emit("1");
    run.finish();
    await first;
    await answer(agent.threadId, "2");
    await second;
    expect(other.messages.map(({ content }) => content)).toEqual(["Two?", "2"]);
  });

  test("a run streams the answer, and a client that connects later has equal messages", async () => {
    const me = session();
    const agent = agentOf(me);
    await ask(agent, "Which weather?", ...WEATHER);
    await ask(agent, "Sure?", "Yes.");
    const other = agentOf(me, agent.threadId);
    await other.connectAgent();
    expect(other.messages).toEqual(agent.messages);
    expect(other.messages.map(({ role }) => role)).toEqual([
      "user",
      "reasoning",
      "assistant",
      "tool",
      "assistant",
      "assistant",
      "user",
      "assistant",
    ]);
    const call = other.messages[2];
    expect(call).toMatchObject({
      content: "One moment. ",
      toolCalls: [{ id: "c", function: { name: "look_up", arguments: '{ "day": "Monday" }' } }],
    });
    const { messages } = await history.listMessages({ kind: "session", id: me }, agent.threadId);
    expect(messages.map(({ parts }) => contentOf(parts))).toEqual([
      "Which weather?",
      "One moment. It rains. Bye.",
      "Sure?",
      "Yes.",
    ]);
  });

  test("a client that connects while an answer runs gets it from its beginning, and follows it", async () => {
    const me = session();
    const agent = agentOf(me);
    await ask(agent, "First?", "First.");
    agent.addMessage(user("Second?"));
    const running = agent.runAgent();
    const run = await script.started(agent.threadId);
    await run.emit("Half ");
    const other = agentOf(me, agent.threadId);
    const connected = other.connectAgent();
    await expect.poll(() => JSON.stringify(other.events)).toContain("Half");
    await run.emit("and all.");
    run.finish();
    await Promise.all([running, connected]);
    expect(other.messages).toEqual(agent.messages);
    expect(other.messages.at(-1)?.content).toBe("Half and all.");
  });

  test("a reader goes on after the last event that it has seen", async () => {
    const me = session();
    const agent = agentOf(me);
    agent.addMessage(user("Long?"));
    const running = agent.runAgent();
    const run = await script.started(agent.threadId);
    await run.emit({ type: "reasoning", text: "Think." });
    await run.emit("one");
    await run.emit({ type: "data", name: "note", data: 1 });
    const path = `/ag-ui/threads/${agent.threadId}/events`;
    const whole = await send(path, { session: me });
    const text = whole.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    while (!seen.includes("note")) seen += (await text.read()).value ?? "";
    await text.cancel();
    const last = [...seen.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1];
    const ids = [...seen.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const rest = await send(`${path}?after=${last}`, { session: me });
    const { threadId, messages } = agent;
    const retried = await send("/ag-ui", {
      method: "POST",
      session: me,
      headers: { "last-event-id": last! },
      body: { threadId, runId: "again", messages: messages.slice(0, 1) },
    });
    await run.emit("two");
    run.finish();
    await running;
    for (const after of [await rest.text(), await retried.text()]) {
      expect(after).not.toContain('"one"');
      expect(after).toContain('"two"');
      expect(after).toContain("RUN_FINISHED");
    }
  });

  test("a call of a client's tool is pending, and its result continues the answer", async () => {
    const me = session();
    const agent = agentOf(me);
    agent.addMessage(user("Paint it"));
    const tools = [{ name: "paint", description: "Paints.", parameters: { type: "object" } }];
    const first = agent.runAgent({ tools });
    const run = await script.started(agent.threadId);
    expect(run.request.question.metadata).toMatchObject({ ag_ui: { tools } });
    await run.emit({ type: "tool-call", id: "p", name: "paint", arguments: '{"colour":"red"}' });
    run.finish();
    await first;
    const waits = version === "1.0" ? { outcome: { type: "success", pendingToolCallIds: ["p"] } } : {};
    expect(agent.events.at(-1)).toMatchObject({ type: "RUN_FINISHED", ...waits });
    agent.addMessage({ id: randomUUID(), role: "tool", toolCallId: "p", content: '{"done":true}' });
    const second = agent.runAgent({ tools });
    const next = await script.started(agent.threadId);
    expect(next.request.question.parts).toEqual([{ type: "tool-result", id: "p", result: { done: true } }]);
    await next.emit("Painted.");
    next.finish();
    await second;
    expect(agent.messages.at(-1)?.content).toBe("Painted.");
  });

  test("state snapshots and deltas are kept, and are there after connecting", async () => {
    const me = session();
    const agent = agentOf(me);
    await ask(
      agent,
      "Count",
      { type: "data", name: "ag-ui-state", id: "ag-ui-state", data: { n: 1 } },
      { type: "data", name: "ag-ui-state-delta", data: [{ op: "replace", path: "/n", value: 2 }] },
      "Two.",
    );
    expect(agent.state).toEqual({ n: 2 });
    const other = agentOf(me, agent.threadId);
    await other.connectAgent();
    expect(other.state).toEqual({ n: 2 });
  });

  test("snapshots and deltas of state and of activities, in any order, are there after connecting", async () => {
    const me = session();
    const agent = agentOf(me);
    const set = (path: string, value: number) => [{ op: "add", path, value }];
    const plan = { messageId: "plan", activityType: "PLAN" };
    const events = [
      { type: "STATE_SNAPSHOT", snapshot: { a: 1 } },
      { type: "STATE_DELTA", delta: set("/b", 2) },
      { type: "ACTIVITY_SNAPSHOT", ...plan, content: { step: 1 } },
      { type: "ACTIVITY_DELTA", ...plan, patch: set("/old", 1) },
      { type: "TEXT_MESSAGE_CHUNK", messageId: "t", role: "assistant", delta: "Planned." },
      { type: "STATE_SNAPSHOT", snapshot: { c: 3 } },
      { type: "STATE_DELTA", delta: set("/d", 4) },
      { type: "ACTIVITY_SNAPSHOT", ...plan, content: { step: 2 } },
      { type: "ACTIVITY_DELTA", ...plan, patch: set("/new", 2) },
      { type: "RAW", event: { any: "thing" }, source: "test" },
      // Not whole: a client that was sent it as an activity would fail.
      { type: "ACTIVITY_SNAPSHOT", messageId: "", content: 1 },
    ];
    await ask(agent, "Plan", ...(events as unknown as ResponderEvent[]));
    expect(agent.state).toEqual({ c: 3, d: 4 });
    const activity = { id: "plan", role: "activity", activityType: "PLAN", content: { step: 2, new: 2 } };
    expect(agent.messages.slice(1)).toMatchObject([activity, { role: "assistant", content: "Planned." }]);
    expect(agent.events).toContainEqual(expect.objectContaining({ type: "RAW", event: { any: "thing" } }));
    const other = agentOf(me, agent.threadId);
    await other.connectAgent();
    expect(other.state).toEqual(agent.state);
    expect(other.messages).toEqual(agent.messages);
  });

  test("an approval that an answer asks for is an interrupt, also after connecting", async () => {
    const me = session();
    const agent = agentOf(me);
    await ask(
      agent,
      "Pay",
      { type: "tool-call", id: "d", name: "pay", arguments: "{}" },
      { type: "approval-request", id: "a", call: "d" },
    );
    const interrupt = {
      type: "interrupt",
      interrupts: [{ id: "a", reason: "tool_approval", toolCallId: "d" }],
    };
    expect(agent.events.at(-1)).toMatchObject({ outcome: interrupt });
    const other = agentOf(me, agent.threadId);
    await other.connectAgent();
    expect(other.events.at(-1)).toMatchObject({ outcome: interrupt });
  });

  /** An answer that asks whether two calls may be made. */
  async function askTwice(agent: ThreadAgent): Promise<void> {
    await ask(
      agent,
      "Pay",
      { type: "tool-call", id: "d", name: "pay", arguments: "{}" },
      { type: "approval-request", id: "a", call: "d" },
      { type: "tool-call", id: "e", name: "tip", arguments: "{}" },
      { type: "approval-request", id: "b", call: "e" },
    );
  }

  test("answers to interrupts reach the responder as approvals, and the answer goes on", async () => {
    const me = session();
    const agent = agentOf(me);
    await askTwice(agent);
    const resume: ResumeEntry[] = [
      { interruptId: "a", status: "resolved", payload: { approved: true } },
      { interruptId: "b", status: "cancelled" },
    ];
    const resumed = agent.runAgent({ resume });
    const run = await script.started(agent.threadId);
    expect(run.request.question.parts).toEqual([
      { type: "approval", id: "a", approved: true },
      { type: "approval", id: "b", approved: false },
    ]);
    await run.emit({ type: "tool-result", id: "d", result: { paid: true } });
    await run.emit("Paid.");
    run.finish();
    await resumed;
    expect(agent.messages.at(-1)?.content).toBe("Paid.");
    const other = agentOf(me, agent.threadId);
    await other.connectAgent();
    expect(other.messages).toEqual(agent.messages);
  });

  test("of two answers to one interrupt, one begins a turn; a retry of it attaches", async () => {
    const me = session();
    const agent = agentOf(me);
    await askTwice(agent);
    const resumeOf = (runId: string, resume: readonly ResumeEntry[]) =>
      send("/ag-ui", {
        method: "POST",
        session: me,
        body: { threadId: agent.threadId, runId, messages: agent.messages, resume },
      });
    const both = (status: ResumeEntry["status"]): ResumeEntry[] => [
      { interruptId: "a", status },
      { interruptId: "b", status },
    ];
    const answers = await Promise.all([
      resumeOf("one", both("resolved")),
      resumeOf("two", both("cancelled")),
    ]);
    const won = answers.findIndex(({ ok }) => ok);
    expect(answers.map(({ status }) => status)).toEqual(won === 0 ? [200, 409] : [409, 200]);
    const run = await script.started(agent.threadId);
    const again = await resumeOf(won === 0 ? "one" : "two", both(won === 0 ? "resolved" : "cancelled"));
    run.finish();
    expect(again.status).toBe(200);
    expect(script.calls(agent.threadId)).toBe(2);
  });

  test("an answer to an interrupt that is not open, or not the caller's, is refused", async () => {
    const me = session();
    const agent = agentOf(me);
    await askTwice(agent);
    const { threadId, messages } = agent;
    const forged = { threadId, runId: "r", messages, resume: [{ interruptId: "z", status: "resolved" }] };
    expect((await refused("/ag-ui", { method: "POST", body: forged, session: me })).code).toBe("conflict");
    const taken = { ...forged, resume: [{ interruptId: "a", status: "resolved" }] };
    expect((await refused("/ag-ui", { method: "POST", body: taken, session: session() })).code).toBe(
      "forbidden",
    );
    const asked = { ...taken, messages: [...messages, user("And now?")] };
    expect((await refused("/ag-ui", { method: "POST", body: asked, session: me })).pointer).toBe("/resume");
    expect(script.calls(threadId)).toBe(1);
  });

  test("a retry of a run attaches: the responder is called once", async () => {
    const me = session();
    const agent = agentOf(me);
    const message = user("Once?");
    agent.addMessage(message);
    const again = agentOf(me, agent.threadId);
    again.addMessage(message);
    const first = agent.runAgent();
    const run = await script.started(agent.threadId);
    const second = again.runAgent();
    await run.emit("Once.");
    run.finish();
    await Promise.all([first, second]);
    expect(again.messages).toEqual(agent.messages);
    expect(script.calls(agent.threadId)).toBe(1);
  });

  test("a picture that a person sends is stored, and comes back as it was", async () => {
    const me = session();
    const agent = agentOf(me);
    const content = [
      { type: "text" as const, text: "What is it?" },
      { type: "image" as const, source: { type: "data" as const, value: "AA==", mimeType: "image/png" } },
    ];
    agent.addMessage({ id: randomUUID(), role: "user", content });
    await Promise.all([agent.runAgent(), answer(agent.threadId, "A dot.")]);
    const other = agentOf(me, agent.threadId);
    await other.connectAgent();
    expect(other.messages[0]?.content).toEqual(content);
  });

  test("a failed answer is a run error, and keeps its text", async () => {
    const me = session();
    const agent = agentOf(me);
    agent.addMessage(user("Break"));
    const failed: string[] = [];
    const running = agent
      .runAgent({}, { onRunErrorEvent: ({ event }) => void failed.push(event.message) })
      .catch(() => undefined);
    const run = await script.started(agent.threadId);
    await run.emit("Half");
    run.fail(new Error("of the model"));
    await running;
    expect(failed).toEqual(["The assistant failed before its answer was complete. Try again."]);
    const other = agentOf(me, agent.threadId);
    await other.connectAgent();
    expect(other.messages.at(-1)?.content).toBe("Half");
  });

  test("a thread of somebody else is refused, and one that does not exist is empty", async () => {
    const agent = agentOf(session());
    await ask(agent, "Mine", "Yours.");
    const body = { threadId: agent.threadId, runId: "r", messages: [user("Let me in")] };
    expect((await refused("/ag-ui", { method: "POST", body, session: session() })).code).toBe("forbidden");
    const path = `/ag-ui/threads/${agent.threadId}/events`;
    expect((await refused(path, { session: session() })).code).toBe("forbidden");
    expect((await refused(path)).code).toBe("unauthenticated");
    const nobody = agentOf(session());
    await nobody.connectAgent();
    expect(nobody.messages).toEqual([]);
  });
});
