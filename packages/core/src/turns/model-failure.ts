import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";

import type { ResponderError } from "@chatkeep/protocol";

import { toResponderError } from "../streams/failure.ts";

/** Where AI SDK 7 tells of a failed call, also without telemetry. Source: `AI_SDK_TELEMETRY_TRACING_CHANNEL` of `ai`. */
const CHANNEL = "tracing:ai:telemetry:error";

const works = new AsyncLocalStorage<{ last?: ResponderError }>();
let isSubscribed = false;

/**
 * Calls `work`, and keeps the failures of its models for {@link lastModelFailure}. A responder may not see one:
 * `textStream` of the AI SDK ends as if the answer were complete.
 */
export function watchModels<T>(work: () => T): T {
  if (!isSubscribed) subscribe(CHANNEL, onFailure);
  isSubscribed = true;
  return works.run({}, work);
}

/** The last failed call of a model inside the work that is running. */
export function lastModelFailure(): ResponderError | undefined {
  return works.getStore()?.last;
}

function onFailure(message: unknown): void {
  const work = works.getStore();
  const { type, error } = message as { readonly type?: unknown; readonly error?: unknown };
  if (work !== undefined && type === "languageModelCall") work.last = toResponderError(error);
}
