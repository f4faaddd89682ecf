import { type IncomingHttpHeaders, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

import { embeddingReply, isEmbedding, meaningOf, textsToEmbed } from "./model/embeddings.ts";
import type { ModelStep } from "./model/step.ts";
import { type Wire, sse } from "./model/wire.ts";
import { wireOf } from "./model/wires.ts";

export type { ModelCall, ModelStep } from "./model/step.ts";

/** What the model does with a request. */
export type ModelReply =
  /** Steps in order. An async iterable decides by the test's own signals when each is sent. */
  | {
      readonly steps: Iterable<ModelStep> | AsyncIterable<ModelStep>;
      /** Sends steps at this rate, by a clock that does not drift. Default: as fast as they come. */
      readonly tokensPerSecond?: number;
    }
  | ModelRefusal
  /** A whole stream, as a provider sent it. */
  | { readonly recording: string }
  /** Takes the request and never says anything, not even a status line. */
  | { readonly silent: true };

/** Refuses before the first token. */
export interface ModelRefusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Record<string, string>;
}

type Vectors = readonly (readonly number[])[];

/** A request that the model was sent. */
export interface ModelRequest {
  /** 0 for the first. */
  readonly index: number;
  /** Path with query, as it was sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The JSON body: `model`, `messages`, `tools`, `stream`, … */
  readonly body: ModelBody;
  /** Resolves when the exchange is over; `aborted` when the client left before the end. */
  readonly ended: Promise<"finished" | "aborted">;
}

/** The fields of a chat completions request that tests look at; other providers' have others. */
export interface ModelBody {
  readonly model: string;
  readonly messages: readonly {
    readonly role: string;
    readonly content?: unknown;
    readonly tool_calls?: readonly {
      readonly id: string;
      readonly function: { readonly name: string; readonly arguments: string };
    }[];
    readonly tool_call_id?: string;
  }[];
  readonly tools?: readonly unknown[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
}

/** A running fake model. */
export interface Model {
  /** The base address, with `/v1`, for `OPENAI_BASE_URL`. */
  readonly url: string;
  /** Every request so far, in order of arrival. */
  readonly requests: readonly ModelRequest[];
  /** The request with this index, as soon as it has arrived. */
  request(index: number): Promise<ModelRequest>;
  /** Ends every connection and the server. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ModelOptions {
  /** What to do with each request. Default: says the last user message back, a word a chunk. */
  readonly reply?: (request: ModelRequest) => ModelReply;
  /** The vectors of texts, or a refusal. Default: {@link meaningOf} each. */
  readonly embed?: (
    texts: readonly string[],
    request: ModelRequest,
  ) => Vectors | ModelRefusal | Promise<Vectors | ModelRefusal>;
  /** Default 0: any free port. */
  readonly port?: number;
}

/**
 * Starts a real HTTP server on loopback that speaks OpenAI's chat completions and responses, Anthropic's messages and
 * Google's `generateContent`, streamed and not, and OpenAI's and Google's embeddings, and does what a script says. Usage is
 * counted in chunks of text out and messages in. Sources of the shapes: the API references, named in `model/`.
 */
export async function startModel(options: ModelOptions = {}): Promise<Model> {
  const { reply = echo, embed = (texts) => texts.map((one) => meaningOf(one)), port = 0 } = options;
  const requests: ModelRequest[] = [];
  const waiting = new Map<number, ((request: ModelRequest) => void)[]>();

  const server = createServer((incoming, response) => {
    const ended = new Promise<"finished" | "aborted">((resolve) => {
      response.once("close", () => resolve(response.writableFinished ? "finished" : "aborted"));
    });
    const serve = async (): Promise<void> => {
      const body = JSON.parse(await text(incoming)) as ModelBody;
      const { url = "", headers } = incoming;
      const request: ModelRequest = { index: requests.length, url, headers, body, ended };
      requests.push(request);
      for (const resolve of waiting.get(request.index) ?? []) resolve(request);
      waiting.delete(request.index);
      const path = url.split("?")[0] ?? "";
      if (isEmbedding(path)) {
        const vectors = await embed(textsToEmbed(body), request);
        if ("status" in vectors) return refuse(response, vectors.status, vectors.message, vectors.headers);
        response.writeHead(200, { "content-type": "application/json" });
        return void response.end(JSON.stringify(embeddingReply(path, vectors)));
      }
      const wire = wireOf({
        path,
        index: request.index,
        model: body.model,
        messages: messagesOf(body).length,
        usage: body.stream_options?.include_usage === true,
      });
      if (wire === undefined) return refuse(response, 404, `There is nothing at ${url}.`);
      const stream = body.stream === true || path.endsWith(":streamGenerateContent");
      await answer(reply(request), { wire, stream, response });
    };
    serve().catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, `The script of the fake model failed: ${String(error)}`);
    });
  });

  // One thousand benchmarked streams connect at once; Node's default backlog of 511 would drop some.
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", backlog: 4096 }, resolve);
  });

  const close = (): Promise<void> => closeServer(server);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    request(index) {
      const there = requests[index];
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => {
        waiting.set(index, [...(waiting.get(index) ?? []), resolve]);
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function messagesOf(body: ModelBody): readonly unknown[] {
  const { contents, input } = body as { contents?: readonly unknown[]; input?: readonly unknown[] };
  return body.messages ?? contents ?? input ?? [];
}

function echo({ body }: ModelRequest): ModelReply {
  const google = (body as { contents?: readonly { role: string; parts: unknown }[] }).contents;
  const { input } = body as { input?: ModelBody["messages"] };
  const messages = google?.map(({ role, parts }) => ({ role, content: parts })) ?? body.messages ?? input;
  const said = messages.findLast((message) => message.role === "user")?.content;
  const words = `You said: ${typeof said === "string" ? said : JSON.stringify(said)}`.match(/\s*\S+/g) ?? [];
  return { steps: words };
}

async function answer(
  reply: ModelReply,
  {
    wire,
    stream,
    response,
  }: { readonly wire: Wire; readonly stream: boolean; readonly response: ServerResponse },
): Promise<void> {
  if ("silent" in reply) return;
  if ("recording" in reply) {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    return void response.end(reply.recording);
  }
  if ("status" in reply) {
    return refuse(response, reply.status, reply.message, reply.headers, wire.refusal);
  }
  const send = async (events: string): Promise<void> => {
    if (!stream || response.destroyed || events === "") return;
    if (!response.write(events)) await drained(response);
  };
  if (stream) {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    await send(wire.begin());
  }

  const started = performance.now();
  let sent = 0;
  for await (const step of reply.steps) {
    if (response.destroyed) return;
    if (reply.tokensPerSecond !== undefined) {
      await pause(Math.max(0, started + (1000 * sent++) / reply.tokensPerSecond - performance.now()));
    }
    if (typeof step !== "string" && step.type === "hang") return;
    if (typeof step !== "string" && step.type === "cut") return void response.destroy();
    if (typeof step !== "string" && step.type === "raw") await send(sse(step.data));
    else if (typeof step !== "string" && step.type === "error") {
      await send(wire.fault(step.message));
      return void response.end(stream ? "" : JSON.stringify(wire.refusal(500, step.message)));
    } else await send(wire.step(step));
  }
  if (stream) {
    await send(wire.end());
    return void response.end();
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(wire.whole()));
}

function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
  bodyOf: Wire["refusal"] = (code, text) => ({ error: { code, message: text } }),
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(bodyOf(status, message)));
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}
