import { createAiSdkReader } from "./ai-sdk.ts";
import { type Item, type Shape, isItem, itemIn } from "./item.ts";

/** The stream of a Mastra agent: the AI SDK's parts with other names, in a `payload`. Source: `ChunkType` of `@mastra/core`. */
export const mastra: Shape = {
  matches: ({ type, runId, payload }) =>
    typeof type === "string" && typeof runId === "string" && isItem(payload),
  createReader() {
    const { read } = createAiSdkReader();
    return {
      read({ type, payload }) {
        const fields = itemIn(payload);
        switch (type) {
          case "tool-call-input-streaming-start":
            return read({ ...fields, type: "tool-input-start" });
          case "tool-call-delta":
            return read({ ...fields, type: "tool-input-delta", delta: fields["argsTextDelta"] });
          case "tool-call":
            return read({ ...fields, type, input: fields["args"] });
          case "tool-result":
            return read(
              fields["isError"] === true
                ? { ...fields, type: "tool-error", error: fields["result"] }
                : { ...fields, type, output: fields["result"] },
            );
          case "step-finish":
            return read({ type: "finish-step", response: modelOf(fields) });
          case "finish":
            return read({ type, totalUsage: itemIn(fields["output"])["usage"] });
          case "tripwire":
          case "abort":
            return read({ type: "abort" });
          case "file":
            return read({
              type,
              file: { mediaType: fields["mimeType"], base64: fields["base64"] ?? fields["data"] },
            });
          default:
            return read({ ...fields, type });
        }
      },
    };
  },
};

function modelOf(step: Item): Item {
  return itemIn(step["response"] ?? itemIn(step["metadata"]));
}
