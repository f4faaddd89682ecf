import { createModelResponder } from "@chatkeep/agent";
import type { ResponderEvent } from "@chatkeep/protocol";
import { expect, test } from "vitest";

import { docsOf, openStore } from "./docs/fixture.ts";
import { start } from "./model-server.ts";
import { eventsOf, requestFor, textOf } from "./request.ts";

const { store } = await openStore();

/** The events of one type. */
function ofType<T extends Exclude<ResponderEvent, string>["type"]>(
  events: readonly ResponderEvent[],
  type: T,
): Extract<ResponderEvent, { type: T }>[] {
  return events.filter(
    (event): event is Extract<ResponderEvent, { type: T }> =>
      typeof event === "object" && event.type === type,
  );
}

test("a model is given the passages of docs, and what it cites is checked against them", async () => {
  const { docs } = await docsOf(store, "cited-by-model", {
    "backup.md": "# Backups\n\n## When\n\nBackups run every night at two.",
    "limits.md": "# Limits\n\n## Size\n\nA backup holds one terabyte.",
  });
  const model = await start(() => ({ steps: ["At night ", "[", "1]", ". Always [42]."] }));
  const respond = createModelResponder({
    model: "openai-compatible/fake",
    baseUrl: model.url,
    system: "Be brief.",
    docs,
  });
  const events = await eventsOf(respond(requestFor({ question: "When do backups run?" })));

  expect(textOf(events)).toBe("At night [1]. Always.");
  const [cited, ...more] = ofType(events, "citation");
  expect(more).toEqual([]);
  expect(cited?.citation).toMatchObject({
    path: "backup.md",
    section: "When",
    quote: "Backups run every night at two.",
  });
  expect(ofType(events, "data")).toMatchObject([{ name: "dropped_citations", data: 1 }]);
  const [first] = model.requests[0]!.body.messages;
  expect(first?.role).toBe("system");
  expect(first?.content).toContain("Be brief.");
  expect(first?.content).toContain("Backups run every night at two.");
});

test("a question that the docs know nothing of brings no passages, and citations are dropped all the same", async () => {
  const { docs } = await docsOf(store, "nothing-to-cite", { "a.md": "# A\n\nBackups run at two." });
  const model = await start(() => ({ steps: ["I think so [1]."] }));
  const respond = createModelResponder({ model: "openai-compatible/fake", baseUrl: model.url, docs });
  const events = await eventsOf(respond(requestFor({ question: "Zebra crossing giraffe?" })));
  expect(textOf(events)).toBe("I think so.");
  expect(ofType(events, "citation")).toEqual([]);
});

test("OpenAI's own provider is loaded when it is named, and the cost of an answer is told", async () => {
  const model = await start(() => ({ steps: ["Yes."] }));
  const respond = createModelResponder({
    model: "openai/gpt-fake",
    baseUrl: model.url,
    apiKey: "key",
    price: { input: 1_000_000, output: 2_000_000 },
  });
  const events = await eventsOf(respond(requestFor({ question: "Is it so?" })));
  expect(textOf(events)).toBe("Yes.");
  expect(model.requests[0]?.body.model).toBe("gpt-fake");
  const [told] = ofType(events, "model");
  const { inputTokens, outputTokens, cost } = told?.usage ?? {};
  expect(cost).toBe((inputTokens ?? 0) + 2 * (outputTokens ?? 0));
});
