import { setTimeout as pause } from "node:timers/promises";

import { type Responder, contentOf } from "@chatkeep/protocol";

import { HELD, watchLoop } from "./held.ts";

const loop = watchLoop();

/** A word each 20 ms, for two seconds. */
const respond: Responder = async function* ({ question }) {
  if (contentOf(question.parts) === HELD) {
    yield String(loop.longest());
    return;
  }
  for (let word = 0; word < 100; word += 1) {
    yield `word ${word} `;
    await pause(20);
  }
};

export default respond;
