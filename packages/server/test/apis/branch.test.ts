import { createHistory, createPool } from "@chatkeep/core";
import type { Responder } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { OpenAI } from "openai7";
import { afterAll, expect, it } from "vitest";

import { openBreakingWay } from "./cut.ts";

/** Says what it was told before. */
const answers: Responder = async function* ({ question, history }) {
  yield `${history.map(({ content }) => content).join(", ")} + ${question.content}`;
};
const { url: databaseUrl } = await fileDatabase();
const pool = createPool(databaseUrl, UNHURRIED.pool);
const history = createHistory({ pool, responder: answers, ...UNHURRIED.history });
afterAll(async () => {
  await history.close();
  await pool.end();
});

/** The step of a branch before which the first node is held up, as one that dies there is for ever. */
type Step = "getTurn" | "appendMessages" | "regenerate";
let held: { step: Step; reached: PromiseWithResolvers<void>; go: Promise<void> } | undefined;
const upTo = async <T>(step: Step, work: () => Promise<T>): Promise<T> => {
  if (held?.step === step) {
    held.reached.resolve();
    await held.go;
  }
  return work();
};
const slow: typeof history = {
  ...history,
  getTurn: (...given) => upTo("getTurn", () => history.getTurn(...given)),
  appendMessages: (...given) => upTo("appendMessages", () => history.appendMessages(...given)),
  regenerate: (...given) => upTo("regenerate", () => history.regenerate(...given)),
};
const [first, second] = [
  await startApiServer({ databaseUrl, answers, history: slow }),
  await startApiServer({ databaseUrl, answers }),
];
const split = await openBreakingWay(first.url, second.url);

it.each<Step>(["getTurn", "appendMessages", "regenerate"])(
  "a branch is made once, when the node that made it is lost before its %s",
  async (step) => {
    const person = await newPerson();
    const apiKey = person.headers["authorization"]?.slice("Bearer ".length) ?? "";
    const open = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey });
    const one = await open(second.url).responses.create({ input: "one" });
    await open(second.url).responses.create({ input: "two", previous_response_id: one.id });

    const go = Promise.withResolvers<void>();
    held = { step, reached: Promise.withResolvers(), go: go.promise };
    const late = split.cutWhen(held.reached.promise);
    const branch = await open(split.url).responses.create({
      input: [
        { role: "user", content: "Listen." },
        { role: "user", content: "zwei" },
      ],
      previous_response_id: one.id,
    });
    expect(branch.output_text).toBe("one,  + one, Listen. + zwei");
    // It was not dead after all.
    go.resolve();
    held = undefined;
    expect(JSON.parse(await late)).toMatchObject({ id: branch.id, output: branch.output });
    const { conversations } = await history.listConversations(person.owner);
    expect(conversations.map(({ messageCount }) => messageCount)).toEqual([5]);
  },
);
