import { type SpokenStep, type Wire, type WireRequest, sse } from "./wire.ts";

/** A block of an answer as Anthropic keeps it. */
type Block =
  | { type: "text"; text: string }
  | { type: "thinking"; thinking: string; signature: string }
  | { type: "tool_use"; id: string; name: string; input: unknown };

/** Characters of a call's arguments in one delta. */
const PIECE = 8;

/** Anthropic's messages. Source: its API reference, "Streaming messages" and "Errors". */
export function createAnthropicWire({ index, model, messages }: WireRequest): Wire {
  const blocks: Block[] = [];
  let tokens = 0;
  let open: Block["type"] | undefined;
  const send = (type: string, fields: object): string => sse({ type, ...fields }, type);
  const head = (content: readonly Block[]): object => ({
    id: `msg_${index}`,
    type: "message",
    role: "assistant",
    model,
    content,
    stop_sequence: null,
  });
  const close = (): string => {
    const was = open;
    open = undefined;
    return was === undefined ? "" : send("content_block_stop", { index: blocks.length - 1 });
  };
  const start = (block: Block): string => {
    const ended = close();
    open = block.type;
    blocks.push(block);
    const empty = block.type === "tool_use" ? { ...block, input: {} } : { ...block };
    return ended + send("content_block_start", { index: blocks.length - 1, content_block: empty });
  };
  const delta = (fields: object): string =>
    send("content_block_delta", { index: blocks.length - 1, delta: fields });

  const speak = (step: SpokenStep): string => {
    tokens += 1;
    if (typeof step === "string") {
      const begun = open === "text" ? "" : start({ type: "text", text: "" });
      const block = blocks.at(-1);
      if (block?.type === "text") block.text += step;
      return begun + delta({ type: "text_delta", text: step });
    }
    if (step.type === "reasoning") {
      const begun = open === "thinking" ? "" : start({ type: "thinking", thinking: "", signature: "" });
      return (
        begun +
        delta({ type: "thinking_delta", thinking: step.text }) +
        delta({ type: "signature_delta", signature: "c2lnbmVk" })
      );
    }
    return step.calls
      .map(({ id, name, arguments: text }) => {
        const begun = start({ type: "tool_use", id, name, input: {} });
        const pieces = text.match(new RegExp(`[^]{1,${PIECE}}`, "g")) ?? [];
        return (
          begun + pieces.map((piece) => delta({ type: "input_json_delta", partial_json: piece })).join("")
        );
      })
      .join("");
  };
  const stopReason = (): string => (blocks.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn");
  const refusal = (status: number, message: string): object => ({
    type: "error",
    error: { type: ERRORS[status] ?? "api_error", message },
  });

  return {
    begin: () =>
      send("message_start", {
        message: { ...head([]), stop_reason: null, usage: { input_tokens: messages, output_tokens: 1 } },
      }),
    step: speak,
    fault: (message) => sse({ type: "error", error: { type: "overloaded_error", message } }, "error"),
    end: () =>
      close() +
      send("message_delta", {
        delta: { stop_reason: stopReason(), stop_sequence: null },
        usage: { output_tokens: tokens },
      }) +
      send("message_stop", {}),
    whole: () => ({
      ...head(blocks),
      stop_reason: stopReason(),
      usage: { input_tokens: messages, output_tokens: tokens },
    }),
    refusal,
  };
}

const ERRORS: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  404: "not_found_error",
  429: "rate_limit_error",
  529: "overloaded_error",
};
