import { setTimeout as pause } from "node:timers/promises";

import type { Responder } from "@chatkeep/protocol";

/** A word each 20 ms, for two seconds. */
const respond: Responder = async function* () {
  for (let word = 0; word < 100; word += 1) {
    yield `word ${word} `;
    await pause(20);
  }
};

export default respond;
