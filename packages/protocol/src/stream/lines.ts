import { ChatkeepError } from "../errors.ts";

/** Yields the lines of a JSON Lines body, without line breaks. */
export async function* decodeLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      yield* lines.filter((line) => line !== "");
    }
  } catch (cause) {
    throw new ChatkeepError("unavailable", "The export was cut off before its end; begin again.", { cause });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (rest !== "") yield rest;
}
