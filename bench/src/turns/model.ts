import { startModel } from "@chatkeep/testing";

import { pacedTokens, readPace } from "./pace.ts";

// A process of its own: a model that says as many stamped tokens as the question asks for.
const model = await startModel({
  reply: ({ body }) => {
    const question = body.messages.findLast(({ role }) => role === "user")?.content;
    const { count, perSecond } = readPace(String(question));
    return { steps: pacedTokens(count, perSecond) };
  },
});
process.send?.(model.url);
