import { setTimeout as pause } from "node:timers/promises";

import { type Responder, contentOf } from "@chatkeep/protocol";

import { pacedTokens, readPace } from "./pace.ts";
import { stamp } from "./stamp.ts";

let begun = 0;
let whole = Promise.withResolvers<void>();

/** Answers in the server's own process, so that the server alone is measured. */
const respond: Responder = async function* ({ question }) {
  const { count, perSecond, together = 1 } = readPace(contentOf(question.parts));
  yield stamp();
  const place = (begun += 1);
  if (place < together) await whole.promise;
  else {
    whole.resolve();
    whole = Promise.withResolvers();
    begun = 0;
  }
  // Spread over the time of a token, as people are.
  await pause((1000 / perSecond) * (place / together));
  yield* pacedTokens(count - 1, perSecond);
};

export default respond;
