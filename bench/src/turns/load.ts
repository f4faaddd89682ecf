import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import { complete, post, textsOf } from "./completion.ts";
import { type Pace, paceQuestion } from "./pace.ts";
import { completeWithSdk } from "./sdk.ts";
import { ages } from "./stamp.ts";

/** What a load process is to do. */
export interface Load {
  /**
   * `turn`: through a Chatkeep at `url`; `bare`: through a bare server there; `model`: directly to the model there;
   * `sdk`: the same by the AI SDK.
   */
  readonly through: "turn" | "bare" | "model" | "sdk";
  readonly url: string;
  /** Streams at once. */
  readonly streams: number;
  readonly pace: Pace;
  /** How many answers each asks for, one after the other. */
  readonly answers: number;
  /** Milliseconds over which the streams begin. */
  readonly ramp: number;
}

/** What a load process has seen. */
export interface LoadResult {
  /** Milliseconds from asking to the first token, of every answer. */
  readonly firstTokens: readonly number[];
  /** Milliseconds from sending a token to its arrival here, while all streams ran. */
  readonly delays: readonly number[];
  readonly answers: number;
  readonly tokens: number;
  /** What went wrong: statuses, streams that were cut off, tokens that are missing. */
  readonly errors: readonly string[];
}

// A process of its own, so that its work is not the server's.
process.on("message", (load: Load) => {
  void run(load).then((result) => process.send?.(result));
});

async function run(load: Load): Promise<LoadResult> {
  const firstTokens: number[] = [];
  const arrivals: { at: number; delay: number }[] = [];
  const errors: string[] = [];
  let tokens = 0;
  const places = load.through === "turn" ? await makeConversations(load) : [];
  let lastBegin = 0;
  let firstEnd = Number.POSITIVE_INFINITY;

  const stream = async (index: number): Promise<void> => {
    await pause((load.ramp * index) / load.streams);
    for (let answer = 0; answer < load.answers; answer += 1) {
      const begin = performance.now();
      let count = 0;
      try {
        for await (const text of ask(load, places[index])) {
          const at = performance.now();
          for (const delay of ages(text)) {
            if (count === 0) {
              firstTokens.push(at - begin);
              if (answer === 0) lastBegin = Math.max(lastBegin, at);
            }
            count += 1;
            arrivals.push({ at, delay });
          }
        }
      } catch (error) {
        errors.push((error as Error).message);
      }
      tokens += count;
      if (count !== load.pace.count) errors.push(`${count} tokens instead of ${load.pace.count}`);
    }
    firstEnd = Math.min(firstEnd, performance.now());
  };
  await Promise.all(Array.from({ length: load.streams }, (_, index) => stream(index)));
  const delays = arrivals.filter(({ at }) => at >= lastBegin && at <= firstEnd).map(({ delay }) => delay);
  return { firstTokens, delays, answers: load.streams * load.answers, tokens, errors };
}

interface Place {
  readonly session: string;
  readonly conversation: string;
}

/** One for each stream, 20 at a time. */
async function makeConversations({ url, streams }: Load): Promise<Place[]> {
  const places: Place[] = [];
  const worker = async (): Promise<void> => {
    while (places.length < streams) {
      const session = randomUUID();
      const place = { session, conversation: "" };
      places.push(place);
      const response = await post(`${url}/api/conversations`, { "x-session-id": session }, {});
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += piece as string;
      place.conversation = (JSON.parse(text) as { id: string }).id;
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return places;
}

/** Asks, and gives the text of every frame as it comes. Throws when the stream does not end as it should. */
async function* ask(
  { through, pace, url }: Load,
  place: Place | undefined,
): AsyncGenerator<string, void, void> {
  const content = paceQuestion(pace);
  if (through === "model" || through === "sdk") {
    yield* through === "model" ? complete(url, content) : completeWithSdk(url, content);
    return;
  }
  const [path, headers] =
    place === undefined
      ? ["/", {}]
      : [
          `/api/conversations/${place.conversation}/turns`,
          { "x-session-id": place.session, accept: "text/event-stream" },
        ];
  yield* textsOf(await post(`${url}${path}`, headers, { content }), '"delta":"');
}
