import { createAnthropicWire } from "./anthropic.ts";
import { createGoogleWire } from "./google.ts";
import { createOpenAiWire } from "./openai.ts";
import { createResponsesWire } from "./responses.ts";
import type { Wire, WireRequest } from "./wire.ts";

/** The wire that a path belongs to; `undefined` where nothing is. */
export function wireOf(request: WireRequest): Wire | undefined {
  if (request.path === "/v1/chat/completions") return createOpenAiWire(request);
  if (request.path === "/v1/responses") return createResponsesWire(request);
  if (request.path === "/v1/messages") return createAnthropicWire(request);
  if (/^\/v1\/models\/[^/]+:(streamG|g)enerateContent$/.test(request.path)) return createGoogleWire(request);
  return undefined;
}
