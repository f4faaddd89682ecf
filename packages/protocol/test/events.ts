import { fc } from "@chatkeep/testing/properties";
import { anyJson, anyString } from "@chatkeep/testing/values";

import type { Citation, ResponderEvent } from "../src/index.ts";

const anyCitation: fc.Arbitrary<Citation> = fc.record(
  {
    path: anyString,
    chapter: anyString,
    section: fc.option(anyString),
    anchor: fc.option(anyString),
    quote: fc.option(anyString),
    score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    url: fc.option(anyString),
  },
  { noNullPrototype: true },
);

/** Few ids, so that they meet; with blanks and `__proto__`, so that keys made of them could collide. */
const anyId = fc.constantFrom("1", "2", "b c", "c", "__proto__");
const anyName = fc.constantFrom("a", "a b", "__proto__");

/** Any event of a responder. */
export const anyEvent: fc.Arbitrary<ResponderEvent> = fc.oneof(
  anyString,
  fc.record({ type: fc.constantFrom("text", "reasoning"), text: anyString }),
  fc.record({ type: fc.constant("citation"), citation: anyCitation }),
  fc.record({ type: fc.constant("tool-call"), id: anyId, name: fc.constant("f"), arguments: anyString }),
  fc.record({ type: fc.constant("tool-call-delta"), id: anyId, name: fc.constant("f"), delta: anyString }),
  fc.record({ type: fc.constant("tool-result"), id: anyId, result: anyJson }),
  fc.record({ type: fc.constant("tool-result"), id: anyId, result: anyJson, error: fc.boolean() }),
  fc.record({ type: fc.constant("file"), url: anyString, mime: anyString }),
  fc.record({ type: fc.constant("data"), name: anyName, data: anyJson }),
  fc.record({ type: fc.constant("data"), name: anyName, data: anyJson, id: anyId }),
  fc.record({ type: fc.constant("model"), model: anyString }),
  fc.record({ type: fc.constant("intent"), intent: anyString, processed: fc.boolean() }),
);
