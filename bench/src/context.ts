import type { Measure } from "./measure.ts";

/** What a context and a search cost in a large table. */
export async function* measureContext(): AsyncGenerator<Measure> {
  yield* [];
}
