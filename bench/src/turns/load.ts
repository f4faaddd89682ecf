import { randomUUID } from "node:crypto";
import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

import { type Pace, paceQuestion } from "./pace.ts";
import { ages } from "./stamp.ts";

/** What a load process is to do. */
export interface Load {
  /** `turn`: through a Chatkeep at `url`; `model`: directly to the model at `url`. */
  readonly through: "turn" | "model";
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

// A process of its own, so that its work is not the server's. `fetch` would cost it a multiple.
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
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
        await ask(load, places[index], (text) => {
          const at = performance.now();
          for (const delay of ages(text)) {
            if (count === 0) {
              firstTokens.push(at - begin);
              if (answer === 0) lastBegin = Math.max(lastBegin, at);
            }
            count += 1;
            arrivals.push({ at, delay });
          }
        });
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

/** Asks, and hands over the text of every frame as it comes. Rejects when the stream does not end as it should. */
async function ask(load: Load, place: Place | undefined, onText: (text: string) => void): Promise<void> {
  const question = paceQuestion(load.pace);
  const response =
    place === undefined
      ? await post(
          `${load.url}/chat/completions`,
          {},
          { model: "fake", stream: true, messages: [{ role: "user", content: question }] },
        )
      : await post(
          `${load.url}/api/conversations/${place.conversation}/turns`,
          { "x-session-id": place.session, accept: "text/event-stream" },
          { content: question },
        );
  if (response.statusCode !== 200) {
    response.resume();
    throw new Error(`status ${response.statusCode}`);
  }
  const mark = place === undefined ? '"content":"' : '"delta":"';
  let rest = "";
  for await (const piece of response.setEncoding("latin1")) {
    rest += piece as string;
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const frame = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const from = frame.indexOf(mark);
      if (from >= 0) onText(frame.slice(from + mark.length, frame.indexOf('"', from + mark.length)));
      else if (frame.endsWith("[DONE]")) return;
    }
  }
  throw new Error("the stream was cut off");
}

function post(url: string, headers: Record<string, string>, body: object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: "POST",
      agent,
      headers: { "content-type": "application/json", ...headers },
    });
    call.on("response", resolve);
    call.on("error", reject);
    call.end(JSON.stringify(body));
  });
}
