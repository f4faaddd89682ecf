import { toResponderError } from "@chatkeep/core";
import {
  type Citation,
  type Part,
  type EventResponder,
  ResponderError,
  type ResponderEvent,
  type ResponderRequest,
  type ToolResultPart,
  citationsOf,
} from "@chatkeep/protocol";
import type { ToolSet } from "ai";

import type { Docs } from "./docs.ts";
import { type StreamingAgent, createAgentResponder } from "./model/agent.ts";
import { answeredCalls, deniedResult } from "./model/approvals.ts";
import { callModel } from "./model/call.ts";
import { createCitationReader } from "./model/citations.ts";
import { createContinuation } from "./model/continuation.ts";
import { type EventReader, createCallReader, createEventReader } from "./model/events.ts";
import { type Silence, timeoutError } from "./model/failure.ts";
import { createIdleTimeout } from "./model/idle-timeout.ts";
import { toModelMessages } from "./model/messages.ts";
import type { ModelOptions } from "./model/name.ts";
import { createProvider } from "./model/provider.ts";
import { type CallSettings, isModelSettings } from "./model/settings.ts";
import { NO_SOURCES, type Sources, findSources } from "./model/sources.ts";
import { callWithTools } from "./model/steps.ts";
import { createStoredTools, finishCall } from "./model/tools.ts";
import { splitAnswer } from "./model/unfinished.ts";

/** Also takes the other settings of the AI SDK's `streamText`, such as `temperature` and `providerOptions`. */
export interface ModelResponderOptions extends ModelOptions, CallSettings {
  /** The system prompt, or a function that gives it for a request. Default: none. */
  readonly system?: string | ((request: ResponderRequest) => string | Promise<string>) | undefined;
  /** Timeouts in milliseconds, after which the turn fails with `model_timeout`. */
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
  /**
   * Tools of the AI SDK, run by the responder once their calls are stored. When a node dies during a call, the next one
   * makes it again only if the tool has `metadata: { idempotent: true }`; its `toolCallId` is then a key that is equal in
   * both calls and unique to them. Else the model is told that the outcome is not known. Default: none.
   */
  readonly tools?: ToolSet | undefined;
  /**
   * Media types of files that the model is given, such as `image/*`. Default: pictures, and PDFs where its provider takes
   * them. Other files are given as text if they are text, else by name.
   */
  readonly files?: readonly string[] | undefined;
  /** Maximum retries of a request that failed before its first token, 0 to 2. Default 2. */
  readonly retries?: number | undefined;
  /**
   * Docs whose matching passages are added to each question for the model to cite. Other citations are removed from the
   * answer. Default: none.
   */
  readonly docs?: Docs | undefined;
  /** US dollars per million tokens; adds the cost to each answer's usage. Default: no cost. */
  readonly price?: { readonly input: number; readonly output: number } | undefined;
  /** Maximum calls of the model in one turn; each but the last one called tools. Default 8. */
  readonly maxSteps?: number | undefined;
}

/**
 * Creates a responder that calls a model through the AI SDK, with the conversation's context and the question. It goes on
 * with an answer whose node died. An abort ends the call at once. Requests that could not connect, or failed with 408, 409, 429 or 5xx, are retried after 2 s and
 * 4 s, or after `Retry-After`.
 *
 * With an `agent` of the AI SDK it asks that, which has its own model, tools and instructions. A call of a tool that was
 * running when its node died is then not made again.
 *
 * Throws a `TypeError` for an invalid `model` or `baseUrl`. Answers fail with `model_error` or `model_timeout`.
 */
export function createModelResponder(
  options: ModelResponderOptions | { readonly agent: StreamingAgent },
): EventResponder {
  if ("agent" in options) return createAgentResponder(options.agent);
  const provider = createProvider(options);
  const {
    system = "",
    docs,
    price,
    tools = {},
    retries = 2,
    maxSteps = 8,
    timeout = {},
    files,
    model: _model,
    baseUrl: _baseUrl,
    apiKey: _apiKey,
    ...settings
  } = options;
  const { firstToken = 60_000, nextToken = 60_000, tools: toolLimit = 60_000 } = timeout;

  const limits = { "first token": firstToken, "next token": nextToken, tool: toolLimit };
  const hasTools = Object.keys(tools).length > 0;
  const priced = <Part>(read: EventReader<Part>): EventReader<Part> =>
    price === undefined ? read : (part) => read(part).map((event) => withCost(event, price));

  async function* respond(request: ResponderRequest): AsyncGenerator<ResponderEvent, void, void> {
    request.signal.throwIfAborted();
    const leave = new AbortController();
    let isOver = false;
    const idle = createIdleTimeout(request.signal);
    try {
      const [sdk, ownInstructions, sources] = await Promise.all([
        provider.load(),
        typeof system === "string" ? system : system(request),
        docs === undefined ? NO_SOURCES : findSources(docs, request),
      ]);
      const { turnId } = request;
      const signal = AbortSignal.any([request.signal, leave.signal]);
      const wait: Wait = (work, silence) =>
        idle.wait(work, limits[silence], () => timeoutError(silence, limits[silence]));

      const { steps, count, calls, text } = splitAnswer(request.answer);
      const results: ToolResultPart[] = [];
      for (const answered of answeredCalls(request)) {
        const { call, approval } = answered;
        // An earlier attempt may have made it.
        const isFirst = request.attempt === 1;
        const made = approval.approved
          ? await wait(
              () => finishCall(call, { tools, turnId, sdk, signal, isFirst, isApproved: true }),
              "tool",
            )
          : deniedResult(answered);
        if (made === undefined) continue;
        results.push(made);
        yield made;
      }
      const asked = new Set(request.answer.map((part) => part.type === "approval-request" && part.call));
      for (const call of calls) {
        // A person answers first.
        if (asked.has(call.id)) continue;
        const result = await wait(() => finishCall(call, { tools, turnId, sdk, signal }), "tool");
        if (result === undefined) continue;
        results.push(result);
        yield result;
      }
      // The client makes the rest or a person approves it, or there were as many steps as there may be.
      if (
        calls.some(({ id }) => results.every((result) => result.id !== id)) ||
        (count >= maxSteps && text === "")
      )
        return;

      const answer: Part[] = [...steps, ...results, { type: "text", text }];
      const instructions = [ownInstructions, sources.instructions].filter((part) => part !== "").join("\n\n");
      const call = {
        instructions,
        messages: toModelMessages({ ...request, answer }, sdk.model, { files }),
        retries,
        signal,
      };
      const continuation = createContinuation(text);
      const { name } = provider;
      const model = text === "" ? sdk.model : continuation.of(sdk.model);
      const isBegun = request.answer.length > 0 || results.length > 0;
      const stored = hasTools ? createStoredTools(tools, turnId, () => request.committed()) : undefined;
      const events =
        stored === undefined && isModelSettings(settings)
          ? readAnswer(
              () => callModel({ ...sdk, model }, call, settings),
              priced(createCallReader(name)),
              wait,
              isBegun,
            )
          : readAnswer(
              async () =>
                callWithTools(
                  { ...sdk, model },
                  {
                    ...call,
                    settings,
                    tools: stored?.tools ?? {},
                    maxSteps: Math.max(1, maxSteps - count),
                    steered: request.steered,
                  },
                ),
              priced(createEventReader(name)),
              wait,
              isBegun,
            );
      const fresh = text === "" ? events : continuation.cut(events);
      const cites = docs === undefined ? fresh : cited(fresh, sources, citationsOf(request.answer) ?? []);
      yield* stored === undefined ? cites : stored.store(cites);
      isOver = true;
    } catch (error) {
      request.signal.throwIfAborted();
      throw toResponderError(error);
    } finally {
      idle.end();
      // Aborting a call that is over makes an error object for each of its streams: 0.1 ms.
      if (!isOver) leave.abort();
    }
  }
  return Object.assign(respond, { continues: true });
}

/** Checks the citation markers of the text, and adds the citations that they name. */
async function* cited(
  events: AsyncIterable<ResponderEvent>,
  { citations }: Sources,
  before: readonly Citation[],
): AsyncGenerator<ResponderEvent, void, void> {
  const reader = createCitationReader(citations, before.length);
  for await (const event of events) {
    if (typeof event === "string") yield* reader.push(event);
    else if (event.type === "text" && event.text !== "") yield* reader.push(event.text);
    else {
      // A text ends where something else begins.
      yield* reader.end();
      yield event;
    }
  }
  yield* reader.end();
}

/** Adds the cost to an event that tells the usage. */
function withCost(event: ResponderEvent, price: NonNullable<ModelResponderOptions["price"]>): ResponderEvent {
  if (typeof event === "string" || event.type !== "model" || event.usage === undefined) return event;
  const { inputTokens, outputTokens } = event.usage;
  const cost = ((inputTokens ?? 0) * price.input + (outputTokens ?? 0) * price.output) / 1_000_000;
  return { ...event, usage: { ...event.usage, cost } };
}

type Wait = <T>(work: () => Promise<T>, silence: Silence) => Promise<T>;

async function* readAnswer<Part extends { readonly type: string }>(
  ask: () => Promise<AsyncIterator<Part>>,
  eventsOf: EventReader<Part>,
  wait: Wait,
  isBegun: boolean,
): AsyncGenerator<ResponderEvent, void, void> {
  let silence: Silence = "first token";
  let empty = !isBegun;
  const parts = await wait(ask, silence);
  for (;;) {
    const { done, value: part }: IteratorResult<Part> = await wait(() => parts.next(), silence);
    if (done === true) break;
    if (part.type === "error") throw toResponderError((part as { error?: unknown }).error);
    silence = silenceAfter(part.type) ?? silence;
    for (const event of eventsOf(part)) {
      empty &&= !isSaid(event);
      yield event;
    }
  }
  if (empty) {
    throw new ResponderError({ code: "model_error", detail: "The model gave an empty answer. Ask again." });
  }
}

/** Whether an event is more than the beginning or the end of a block, or the model's name. */
function isSaid(event: ResponderEvent): boolean {
  if (typeof event === "string") return true;
  return event.type === "text" || event.type === "reasoning" ? event.text !== "" : event.type !== "model";
}

/** What is awaited after a part of this type; `undefined`: the same as before. */
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
