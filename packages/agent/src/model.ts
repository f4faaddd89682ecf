import { type Responder, ResponderError, type ResponderEvent } from "@chatkeep/protocol";
import type { TextStreamPart, ToolSet } from "ai";

import { createEventReader } from "./model/events.ts";
import { type Silence, timeoutError, toResponderError } from "./model/failure.ts";
import { toModelMessages } from "./model/messages.ts";
import { createPatience } from "./model/patience.ts";
import { createProvider } from "./model/provider.ts";

/** What {@link createModelResponder} takes. */
export interface ModelResponderOptions {
  /** `openai-compatible/<name>`: any server that speaks OpenAI's chat completions. */
  readonly model: string;
  /** Its address up to and with `/v1`. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`. Default: none. */
  readonly apiKey?: string | undefined;
  /** What the model is told before the conversation. Default: nothing. */
  readonly system?: string | undefined;
  /** How long to wait, in milliseconds, before the turn fails with `model_timeout`. */
  readonly timeout?:
    | {
        /** For the first token of each answer, retries included. Default 60,000. */
        readonly firstToken?: number | undefined;
        /** From one token to the next. Default 60,000. */
        readonly nextToken?: number | undefined;
        /** For the tools of one answer. Default 60,000. */
        readonly tools?: number | undefined;
      }
    | undefined;
  /** Tools of the AI SDK, which are run here. Default: none. */
  readonly tools?: ToolSet | undefined;
  /** How often a request is repeated that failed before its first token, 0 to 2. Default 2. */
  readonly retries?: number | undefined;
  /** The most answers of the model in one turn; each but the last one called tools. Default 8. */
  readonly maxSteps?: number | undefined;
}

/**
 * A responder that asks a model, through the AI SDK. The model is given the conversation so far, with the
 * question once, and hears of an abort at once. Only a request that could not connect, or was refused with
 * 408, 409, 429 or 5xx, is repeated (by the SDK, after 2 s and 4 s or what `Retry-After` says).
 *
 * Throws a `TypeError` when `model` or `baseUrl` is not of the form above. Its answers fail with
 * `model_error` or `model_timeout`.
 */
export function createModelResponder(options: ModelResponderOptions): Responder {
  const provider = createProvider(options);
  const { system, tools = {}, retries = 2, maxSteps = 8, timeout = {} } = options;
  const { firstToken = 60_000, nextToken = 60_000, tools: toolLimit = 60_000 } = timeout;

  const limits = { "first token": firstToken, "next token": nextToken, tool: toolLimit };

  return async function* respond(request) {
    request.signal.throwIfAborted();
    const leave = new AbortController();
    const patience = createPatience(request.signal);
    try {
      const { model, streamText, stopAfter } = await provider.load();
      const { stream } = streamText({
        model,
        ...(system === undefined ? {} : { instructions: system }),
        messages: toModelMessages(request.history, request.question),
        // Only a server key can write a system message, so those in the history are trusted.
        allowSystemInMessages: true,
        tools,
        stopWhen: stopAfter(maxSteps),
        maxRetries: retries,
        abortSignal: AbortSignal.any([request.signal, leave.signal]),
        // Errors arrive as parts of the stream; the SDK would print them, with the prompt.
        onError: () => undefined,
      });
      yield* readAnswer(provider.name, stream[Symbol.asyncIterator](), (part, silence) =>
        patience.wait(part, limits[silence], () => timeoutError(silence, limits[silence])),
      );
    } catch (error) {
      request.signal.throwIfAborted();
      throw toResponderError(error);
    } finally {
      patience.end();
      leave.abort();
    }
  };
}

type StreamPart = TextStreamPart<ToolSet>;
type NextPart = Promise<IteratorResult<StreamPart>>;

async function* readAnswer(
  model: string,
  parts: AsyncIterator<StreamPart>,
  wait: (part: NextPart, silence: Silence) => NextPart,
): AsyncGenerator<ResponderEvent, void, void> {
  const eventsOf = createEventReader(model);
  let silence: Silence = "first token";
  let empty = true;
  for (;;) {
    const { done, value: part } = await wait(parts.next(), silence);
    if (done === true) break;
    if (part.type === "error") throw toResponderError(part.error);
    silence = silenceAfter(part.type) ?? silence;
    for (const event of eventsOf(part)) {
      if (typeof event === "string" || event.type !== "model") empty = false;
      yield event;
    }
  }
  if (empty) {
    throw new ResponderError({ code: "model_error", detail: "The model gave an empty answer. Ask again." });
  }
}

/** What is waited for after a part of this type; `undefined`: the same as before it. */
function silenceAfter(type: StreamPart["type"]): Silence | undefined {
  switch (type) {
    case "finish-step":
      return "first token";
    case "text-delta":
    case "reasoning-delta":
    case "tool-input-start":
    case "tool-input-delta":
      return "next token";
    case "tool-call":
      return "tool";
    default:
      return undefined;
  }
}
