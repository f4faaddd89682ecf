import type { Citation } from "../citation.ts";
import type { Feedback } from "../feedback.ts";
import type { Json, JsonObject } from "../json.ts";
import type {
  Failure,
  Message,
  MessageInput,
  MessagePage,
  MessageStatus,
  MessageVersion,
  Role,
  Usage,
} from "../message.ts";
import type { Part } from "../part.ts";

export type WireUsage = {
  input_tokens: number | null;
  output_tokens: number | null;
  total_tokens: number | null;
  cached_tokens?: number;
  reasoning_tokens?: number;
  cost?: number;
};

export interface WireMessage {
  id: string;
  seq: number;
  conversation_id: string;
  user_id: string | null;
  parent_id: string | null;
  versions: { index: number; count: number };
  turn_id: string | null;
  role: Role;
  status: MessageStatus;
  content: string;
  parts: readonly Part[];
  tool_calls: Json | null;
  tool_call_id: string | null;
  citations: readonly Citation[] | null;
  context_text: string | null;
  intent: string | null;
  processed: boolean | null;
  model: string | null;
  usage: WireUsage | null;
  error: Failure | null;
  metadata: JsonObject | null;
  feedback: Feedback | null;
  created_at: string;
  updated_at: string;
}

export interface WireMessageVersion {
  id: string;
  role: Role;
  preview: string | null;
  created_at: string;
}

export interface WireMessagePage {
  messages: WireMessage[];
  total: number;
  has_more: boolean;
}

/** `null` is an absent field: a message that was read can be sent. */
export interface WireMessageInput {
  id?: string | null | undefined;
  role: Role;
  content?: string | null | undefined;
  parts?: readonly Part[] | null | undefined;
  tool_calls?: Json | undefined;
  tool_call_id?: string | null | undefined;
  citations?: readonly Citation[] | null | undefined;
  context_text?: string | null | undefined;
  intent?: string | null | undefined;
  processed?: boolean | null | undefined;
  model?: string | null | undefined;
  usage?: WireUsage | null | undefined;
  metadata?: JsonObject | null | undefined;
  created_at?: string | null | undefined;
  status?: Exclude<MessageStatus, "streaming"> | null | undefined;
  error?: Failure | null | undefined;
}

export function messageToWire(message: Message): WireMessage {
  return {
    id: message.id,
    seq: message.seq,
    conversation_id: message.conversationId,
    user_id: message.userId,
    parent_id: message.parentId,
    versions: message.versions,
    turn_id: message.turnId,
    role: message.role,
    status: message.status,
    content: message.content,
    parts: message.parts,
    tool_calls: message.toolCalls,
    tool_call_id: message.toolCallId,
    citations: message.citations,
    context_text: message.contextText,
    intent: message.intent,
    processed: message.processed,
    model: message.model,
    usage: message.usage === null ? null : usageToWire(message.usage),
    error: message.error,
    metadata: message.metadata,
    feedback: message.feedback,
    created_at: message.createdAt,
    updated_at: message.updatedAt,
  };
}

export function messageFromWire({
  conversation_id: conversationId,
  user_id: userId,
  parent_id: parentId,
  turn_id: turnId,
  tool_calls: toolCalls,
  tool_call_id: toolCallId,
  context_text: contextText,
  created_at: createdAt,
  updated_at: updatedAt,
  usage,
  ...same
}: WireMessage): Message {
  return {
    ...same,
    conversationId,
    userId,
    parentId,
    turnId,
    toolCalls,
    toolCallId,
    contextText,
    usage: usageFromWire(usage),
    createdAt,
    updatedAt,
  };
}

export function messagePageFromWire(wire: WireMessagePage): MessagePage {
  return { messages: wire.messages.map(messageFromWire), total: wire.total, hasMore: wire.has_more };
}

export function messageInputToWire(input: MessageInput): WireMessageInput {
  return {
    id: input.id,
    role: input.role,
    content: input.content,
    parts: input.parts,
    tool_calls: input.toolCalls,
    tool_call_id: input.toolCallId,
    citations: input.citations,
    context_text: input.contextText,
    intent: input.intent,
    processed: input.processed,
    model: input.model,
    usage: input.usage === undefined || input.usage === null ? input.usage : usageToWire(input.usage),
    metadata: input.metadata,
    created_at: input.createdAt,
    status: input.status,
    error: input.error,
  };
}

export function messageInputFromWire(wire: WireMessageInput): MessageInput {
  return {
    id: wire.id ?? undefined,
    role: wire.role,
    content: wire.content ?? undefined,
    parts: wire.parts ?? undefined,
    toolCalls: wire.tool_calls ?? undefined,
    toolCallId: wire.tool_call_id ?? undefined,
    citations: wire.citations ?? undefined,
    contextText: wire.context_text,
    intent: wire.intent,
    processed: wire.processed,
    model: wire.model,
    usage: wire.usage === undefined ? undefined : usageFromWire(wire.usage),
    metadata: wire.metadata,
    createdAt: wire.created_at,
    status: wire.status,
    error: wire.error,
  };
}

export function usageToWire(usage: Usage): WireUsage {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
    ...(usage.cachedTokens === undefined ? {} : { cached_tokens: usage.cachedTokens }),
    ...(usage.reasoningTokens === undefined ? {} : { reasoning_tokens: usage.reasoningTokens }),
    ...(usage.cost === undefined ? {} : { cost: usage.cost }),
  };
}

/** Anything but an object gives `null`. */
export function usageFromWire(value: Json | WireUsage): Usage | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const tokens = (field: Json | undefined): number | null => (typeof field === "number" ? field : null);
  return {
    inputTokens: tokens(value["input_tokens"]),
    outputTokens: tokens(value["output_tokens"]),
    totalTokens: tokens(value["total_tokens"]),
    ...(typeof value["cached_tokens"] === "number" ? { cachedTokens: value["cached_tokens"] } : {}),
    ...(typeof value["reasoning_tokens"] === "number" ? { reasoningTokens: value["reasoning_tokens"] } : {}),
    ...(typeof value["cost"] === "number" ? { cost: value["cost"] } : {}),
  };
}

/** Anything but an object gives `null`. */
export function failureFromWire(value: Json): Failure | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const text = (field: Json | undefined): string => (typeof field === "string" ? field : "");
  return { code: text(value["code"]), detail: text(value["detail"]) };
}

export function messageVersionToWire({ createdAt, ...version }: MessageVersion): WireMessageVersion {
  return { ...version, created_at: createdAt };
}

export function messageVersionFromWire({
  created_at: createdAt,
  ...version
}: WireMessageVersion): MessageVersion {
  return { ...version, createdAt };
}
