import { type Responder, ResponderError, type ResponderEvent } from "@chatkeep/protocol";
import type { ToolSet } from "ai";

import type { Docs } from "./docs.ts";
import { callModel } from "./model/call.ts";
import { createCitationReader } from "./model/citations.ts";
import { type EventReader, createCallReader, createEventReader } from "./model/events.ts";
import { type Silence, timeoutError, toResponderError } from "./model/failure.ts";
import { createIdleTimeout } from "./model/idle-timeout.ts";
import { toModelMessages } from "./model/messages.ts";
import type { ProviderOptions } from "./model/name.ts";
import { createProvider } from "./model/provider.ts";
import { type Sources, findSources } from "./model/sources.ts";
import { callWithTools } from "./model/steps.ts";

export interface ModelResponderOptions extends ProviderOptions {
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
  /**
   * Its passages are given with each question, and the model is asked to cite them; what it cites otherwise is
   * taken out. Default: none.
   */
  readonly docs?: Docs | undefined;
  /** US dollars for a million tokens, from which the cost of each answer is told. Default: it is not told. */
  readonly price?: { readonly input: number; readonly output: number } | undefined;
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
  const { system, docs, price, tools = {}, retries = 2, maxSteps = 8, timeout = {} } = options;
  const { firstToken = 60_000, nextToken = 60_000, tools: toolLimit = 60_000 } = timeout;

  const limits = { "first token": firstToken, "next token": nextToken, tool: toolLimit };

  return async function* respond(request) {
    request.signal.throwIfAborted();
    const leave = new AbortController();
    const idle = createIdleTimeout(request.signal);
    try {
      const [sdk, sources] = await Promise.all([
        provider.load(),
        docs === undefined ? NO_SOURCES : findSources(docs, request),
      ]);
      const instructions = [system ?? "", sources.instructions].filter((text) => text !== "").join("\n\n");
      const signal = AbortSignal.any([request.signal, leave.signal]);
      const call = { instructions, messages: toModelMessages(request), retries, signal };
      const wait: Wait = (work, silence) =>
        idle.wait(work, limits[silence], () => timeoutError(silence, limits[silence]));
      const { name } = provider;
      const events =
        Object.keys(tools).length === 0
          ? readAnswer(() => callModel(sdk, call), createCallReader(name), wait)
          : readAnswer(
              async () => callWithTools(sdk, { ...call, tools, maxSteps }),
              createEventReader(name),
              wait,
            );
      yield* priced(docs === undefined ? events : cited(events, sources), price);
    } catch (error) {
      request.signal.throwIfAborted();
      throw toResponderError(error);
    } finally {
      idle.end();
      leave.abort();
    }
  };
}

const NO_SOURCES: Sources = { instructions: "", citations: [] };

/** The same events, with the markers of the text checked and the citations that they name. */
async function* cited(
  events: AsyncIterable<ResponderEvent>,
  { citations }: Sources,
): AsyncGenerator<ResponderEvent, void, void> {
  const reader = createCitationReader(citations);
  for await (const event of events) {
    if (typeof event === "string") yield* reader.push(event);
    else if (event.type === "text") yield* reader.push(event.text);
    else {
      // A text ends where something else begins.
      yield* reader.end();
      yield event;
    }
  }
  yield* reader.end();
}

/** The same events, with what the answer cost. */
async function* priced(
  events: AsyncIterable<ResponderEvent>,
  price: ModelResponderOptions["price"],
): AsyncGenerator<ResponderEvent, void, void> {
  for await (const event of events) {
    if (
      price === undefined ||
      typeof event === "string" ||
      event.type !== "model" ||
      event.usage === undefined
    ) {
      yield event;
      continue;
    }
    const { inputTokens, outputTokens } = event.usage;
    const cost = ((inputTokens ?? 0) * price.input + (outputTokens ?? 0) * price.output) / 1_000_000;
    yield { ...event, usage: { ...event.usage, cost } };
  }
}

type Wait = <T>(work: () => Promise<T>, silence: Silence) => Promise<T>;

async function* readAnswer<Part extends { readonly type: string }>(
  ask: () => Promise<AsyncIterator<Part>>,
  eventsOf: EventReader<Part>,
  wait: Wait,
): AsyncGenerator<ResponderEvent, void, void> {
  let silence: Silence = "first token";
  let empty = true;
  const parts = await wait(ask, silence);
  for (;;) {
    const { done, value: part }: IteratorResult<Part> = await wait(() => parts.next(), silence);
    if (done === true) break;
    if (part.type === "error") throw toResponderError((part as { error?: unknown }).error);
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
function silenceAfter(type: string): Silence | undefined {
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
