import { readAnswer } from "@chatkeep/core";
import type { ResponderEvent } from "@chatkeep/protocol";

/** The part of `streamText`'s result that is used. */
export interface StreamTextResult {
  readonly fullStream: AsyncIterable<{ readonly type: string }>;
}

/**
 * Reads the events of `streamText`'s result, for a responder that changes or adds some. Others return the result itself.
 * Throws a `ResponderError` when the model fails, where `textStream` would just end.
 */
export function fromStreamText(result: StreamTextResult): AsyncIterable<ResponderEvent> {
  return readAnswer(result);
}
