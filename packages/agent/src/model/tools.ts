import { jsonOf } from "@chatkeep/core";
import type { ResponderEvent, ToolCallPart, ToolResultPart } from "@chatkeep/protocol";
import type { ToolSet } from "ai";

import { misfit, sentenceOf } from "./events.ts";
import type { Provider } from "./provider.ts";
import { isComplete, unknownResult } from "./unfinished.ts";

/** Tools that wait until their calls are stored, so that no attempt at a turn can overlook what an earlier one did. */
export interface StoredTools {
  readonly tools: ToolSet;
  /** Passes the events on. A call's tool runs once the call is committed. */
  store(events: AsyncIterable<ResponderEvent>): AsyncGenerator<ResponderEvent, void, void>;
}

export function createStoredTools(
  tools: ToolSet,
  turnId: string,
  committed: () => Promise<void>,
): StoredTools {
  const calls = new Map<string, PromiseWithResolvers<void>>();
  const stored = (id: string): PromiseWithResolvers<void> => {
    const known = calls.get(id);
    if (known === undefined) calls.set(id, Promise.withResolvers());
    return known ?? calls.get(id)!;
  };

  const waiting = Object.entries(tools).map(([name, tool]): [string, ToolSet[string]] => {
    if (tool.execute === undefined) return [name, tool];
    return [
      name,
      {
        ...tool,
        async *execute(input: never, options) {
          const { toolCallId } = options;
          await stored(toolCallId).promise;
          // Some models number the calls of each step from 0.
          calls.delete(toolCallId);
          const output: unknown = tool.execute!(input, withKey(tool, turnId, options));
          if (isAsyncIterable(output)) yield* output;
          else yield await output;
        },
      } as ToolSet[string],
    ];
  });

  return {
    tools: Object.fromEntries(waiting),
    async *store(events) {
      for await (const event of events) {
        yield event;
        if (typeof event === "string" || event.type !== "tool-call") continue;
        await committed();
        stored(event.id).resolve();
      }
    },
  };
}

export interface UnfinishedCallOptions {
  readonly tools: ToolSet;
  readonly turnId: string;
  readonly sdk: Pick<Provider, "safeParseJSON" | "executeTool">;
  readonly signal: AbortSignal;
  /** Whether no attempt can have made the call (default `false`). */
  readonly isFirst?: boolean;
  /** Whether a person approved the call (default `false`). */
  readonly isApproved?: boolean;
}

/**
 * The result of a call that an earlier attempt left without one: made again if its tool is idempotent. `undefined` for a
 * call that is the client's to make.
 */
export async function finishCall(
  call: ToolCallPart,
  { tools, turnId, sdk, signal, isFirst = false, isApproved = false }: UnfinishedCallOptions,
): Promise<ToolResultPart | undefined> {
  const { id, name } = call;
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  const isWhole = isComplete(call);
  const isElsewhere = tool !== undefined && tool.execute === undefined && call.executor === undefined;
  if (isElsewhere && isWhole) return undefined;
  if (tool?.execute === undefined || !isWhole || (!isFirst && !isIdempotent(tool)))
    return unknownResult(call);
  // The model asks for it again, and a person is asked.
  if (Boolean(tool.needsApproval) && !isApproved) return unknownResult(call);
  const input = await sdk.safeParseJSON({ text: call.arguments, schema: tool.inputSchema });
  if (!input.success) return { type: "tool-result", id, result: misfit(name), error: true };
  const options = withKey(tool, turnId, { toolCallId: id, messages: [], abortSignal: signal });
  try {
    let output: unknown;
    const run = sdk.executeTool({
      tool: { ...tool, execute: tool.execute },
      input: input.value,
      options: options as never,
    });
    for await (const piece of run) output = piece.output;
    return { type: "tool-result", id, result: jsonOf(output) };
  } catch (error) {
    return { type: "tool-result", id, result: sentenceOf(name, error), error: true };
  }
}

function isIdempotent(tool: ToolSet[string]): boolean {
  return tool.metadata?.["idempotent"] === true;
}

/** An idempotent tool gets a key that no other call has: the ids of calls are unique within their turn at the most. */
function withKey<O extends { readonly toolCallId: string }>(
  tool: ToolSet[string],
  turnId: string,
  options: O,
): O {
  return isIdempotent(tool) ? { ...options, toolCallId: `${turnId}.${options.toolCallId}` } : options;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
