import { readAnswer } from "@chatkeep/core";
import type { ResponderEvent, ResponderRequest } from "@chatkeep/protocol";

import { createContinuation } from "./continuation.ts";
import { splitAnswer, unknownResult } from "./unfinished.ts";

/** The part of `streamText`'s result that is used. */
export interface StreamTextResult {
  readonly fullStream: AsyncIterable<{ readonly type: string }>;
}

/**
 * Reads the events of `streamText`'s result, for a responder that changes or adds some. Others return the result itself.
 * Throws a `ResponderError` when the model fails, where `textStream` would just end.
 *
 * With the `request`, it goes on with an answer whose node died: calls without a result get the result that their outcome
 * is not known, and the text does not repeat what was shown. Ask the model with `toModelMessages(request)` then.
 */
export async function* fromStreamText(
  result: StreamTextResult,
  request?: Pick<ResponderRequest, "answer">,
): AsyncGenerator<ResponderEvent, void, void> {
  const { calls, text } = splitAnswer(request?.answer ?? []);
  for (const call of calls) yield unknownResult(call);
  const events = readAnswer(result);
  yield* text === "" ? events : createContinuation(text).cut(events);
}
