import type { Json, JsonObject, TurnState, Usage } from "@chatkeep/protocol";

import { idFromOpenai, idToOpenai } from "./ids.ts";
import { type Item, itemsOf } from "./items.ts";

/** A response in OpenAI's form, as far as its clients read it. */
export type ResponseBody = JsonObject & { id: string; status: string; output: Item[] };

/** The fields of a request that its response repeats. */
export interface Echo {
  readonly instructions?: Json | undefined;
  readonly previousResponseId?: string | null | undefined;
}

/** The id of a response names its turn and conversation, so none is stored. */
function responseIdOf(turnId: string, conversationId: string): string {
  return `resp_${turnId.replaceAll("-", "")}_${idToOpenai("conv", conversationId)}`;
}

/** The reverse of {@link responseIdOf}; `undefined` for any other text. */
export function readResponseId(id: string): { turnId: string; conversationId: string } | undefined {
  const [, turn, conversation] = /^resp_([0-9a-f]{32})_(.+)$/.exec(id) ?? [];
  if (turn === undefined || conversation === undefined) return undefined;
  return { turnId: idFromOpenai(`msg_${turn}`).id, conversationId: idFromOpenai(conversation).id };
}

const STATUS = {
  queued: "queued",
  running: "in_progress",
  waiting: "completed",
  complete: "completed",
  stopped: "cancelled",
  interrupted: "incomplete",
  failed: "failed",
} as const;

/** Writes a turn as a response. */
export function responseOf({ turn, message, reply }: TurnState, echo: Echo = {}): ResponseBody {
  const status = STATUS[turn.status];
  return {
    id: responseIdOf(turn.id, turn.conversationId),
    object: "response",
    created_at: Math.floor(Date.parse(turn.createdAt) / 1000),
    status,
    background: false,
    conversation: { id: idToOpenai("conv", turn.conversationId) },
    error:
      turn.status === "failed"
        ? { code: "server_error", message: turn.error?.detail ?? "The answer failed." }
        : null,
    incomplete_details: status === "incomplete" ? { reason: "interrupted" } : null,
    instructions: echo.instructions ?? null,
    max_output_tokens: null,
    metadata: message.metadata ?? {},
    model: reply?.model ?? "chatkeep",
    output: reply === null ? [] : itemsOf(reply),
    parallel_tool_calls: true,
    previous_response_id: echo.previousResponseId ?? null,
    reasoning: { effort: null, summary: null },
    service_tier: null,
    store: turn.persisted,
    temperature: null,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: null,
    truncation: "disabled",
    usage: reply === null || reply.usage === null ? null : usageOf(reply.usage),
  };
}

function usageOf({ inputTokens, outputTokens, totalTokens }: Usage): JsonObject {
  const input = inputTokens ?? 0;
  const output = outputTokens ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: totalTokens ?? input + output,
  };
}
