import { Agent, type IncomingMessage, request } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** Posts JSON with a client that costs little: `fetch` would cost a multiple. */
export function post(url: string, headers: Record<string, string>, body: object): Promise<IncomingMessage> {
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

/**
 * The texts that follow `mark` in the frames of a stream, as they come, read to its end: the next request goes over the
 * same connection. Throws when the status is not 200 or the stream ends without `[DONE]`.
 */
export async function* textsOf(response: IncomingMessage, mark: string): AsyncGenerator<string, void, void> {
  if (response.statusCode !== 200) {
    response.resume();
    throw new Error(`status ${response.statusCode}`);
  }
  let rest = "";
  let isDone = false;
  for await (const piece of response.setEncoding("latin1")) {
    rest += piece as string;
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const frame = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const from = frame.indexOf(mark);
      if (from >= 0) yield frame.slice(from + mark.length, frame.indexOf('"', from + mark.length));
      else isDone ||= frame.endsWith("[DONE]");
    }
  }
  if (!isDone) throw new Error("the stream was cut off");
}

/** Asks a model of OpenAI's protocol, and gives the pieces of its answer. */
export async function* complete(url: string, question: string): AsyncGenerator<string, void, void> {
  const messages = [{ role: "user", content: question }];
  const response = await post(`${url}/chat/completions`, {}, { model: "fake", stream: true, messages });
  yield* textsOf(response, '"content":"');
}
