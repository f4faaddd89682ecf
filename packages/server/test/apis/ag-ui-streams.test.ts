import { randomUUID } from "node:crypto";

import { HttpAgent, type RunAgentInput, runHttpRequest, transformHttpEventStream } from "@ag-ui/client";
import type { ResponderEvent } from "@chatkeep/protocol";
import { fc } from "@chatkeep/testing/properties";
import { startServer } from "@chatkeep/testing/server";
import { anyJson, anyString } from "@chatkeep/testing/values";
import { expect, it } from "vitest";

/** What the responder says to a question, by its words. */
const answers = new Map<string, readonly ResponderEvent[]>();
const { url, session } = await startServer({
  async *answers({ question }) {
    yield* answers.get(question.content) ?? [];
  },
});

class Connecting extends HttpAgent {
  protected override connect({ threadId }: RunAgentInput) {
    const path = `${this.url}/threads/${threadId}/events`;
    return transformHttpEventStream(runHttpRequest(() => fetch(path, { headers: this.headers })));
  }
}

const id = fc.constantFrom("1", "2", "b c", "__proto__");
const json = anyJson.map((value) => JSON.parse(JSON.stringify(value)) as never);
const activity = { messageId: fc.constantFrom("plan", "map"), activityType: fc.constant("PLAN") };
const object = fc.dictionary(fc.constantFrom("a", "b"), json, { maxKeys: 2, noNullPrototype: true });
const patch = fc.array(
  fc.record({ op: fc.constant("add"), path: fc.constantFrom("/a", "/b"), value: json }),
  {
    maxLength: 2,
  },
);
const event = fc.oneof(
  anyString,
  fc.record({ type: fc.constant("reasoning"), text: anyString }),
  fc.record({ type: fc.constant("tool-call"), id, name: fc.constant("f"), arguments: anyString }),
  fc.record({ type: fc.constant("tool-call-delta"), id, name: fc.constant("f"), delta: anyString }),
  fc.record({ type: fc.constant("tool-result"), id, result: json }),
  fc.record({ type: fc.constant("tool-result"), id, result: anyString, error: fc.boolean() }),
  fc.record({ type: fc.constant("data"), name: fc.constantFrom("a", "__proto__"), data: json }),
  fc.record({ type: fc.constant("STATE_SNAPSHOT"), snapshot: object }),
  fc.record({ type: fc.constant("STATE_DELTA"), delta: patch }),
  fc.record({ type: fc.constant("ACTIVITY_SNAPSHOT"), ...activity, content: object }),
  fc.record({ type: fc.constant("ACTIVITY_DELTA"), ...activity, patch }),
) as unknown as fc.Arbitrary<ResponderEvent>;

/** An agent makes a call once, whose arguments begin as they were written, and gives it one result, after it. */
function wellFormed(events: readonly ResponderEvent[]): ResponderEvent[] {
  const written = new Map<string, string>();
  const made = new Set<string>();
  const done = new Set<string>();
  return events.flatMap((given): ResponderEvent[] => {
    if (typeof given === "string") return [given];
    if (given.type === "tool-call-delta") {
      if (made.has(given.id)) return [];
      written.set(given.id, (written.get(given.id) ?? "") + given.delta);
    }
    if (given.type === "tool-call") {
      if (made.has(given.id)) return [];
      made.add(given.id);
      return [{ ...given, arguments: (written.get(given.id) ?? "") + given.arguments }];
    }
    if (given.type === "tool-result") {
      if (!made.has(given.id) || done.has(given.id)) return [];
      done.add(given.id);
    }
    return [given];
  });
}

it("any answer of AG-UI has the messages and the state after connecting that it had live", async () => {
  const headers = { "x-session-id": session() };
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (given) => {
      const [threadId, content] = [randomUUID(), randomUUID()];
      answers.set(content, wellFormed(given));
      const open = (): Connecting =>
        new Connecting({ url: `${url}/ag-ui`, headers, threadId, initialState: {} });
      const live = open();
      live.addMessage({ id: randomUUID(), role: "user", content });
      await live.runAgent();
      const later = open();
      await later.connectAgent();
      expect(later.messages).toEqual(live.messages);
      expect(later.state).toEqual(live.state);
    }),
    { numRuns: 100 },
  );
});
