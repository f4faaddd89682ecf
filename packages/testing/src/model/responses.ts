import { type SpokenStep, type Wire, type WireRequest, sse } from "./wire.ts";

/** Characters of a call's arguments in one delta. */
const PIECE = 8;

type Item =
  | { type: "message"; id: string; role: "assistant"; content: { type: "output_text"; text: string }[] }
  | { type: "reasoning"; id: string; summary: { type: "summary_text"; text: string }[] }
  | { type: "function_call"; id: string; call_id: string; name: string; arguments: string; status: string };

/** OpenAI's responses. Source: its API reference, "Streaming events" of responses. */
export function createResponsesWire({ index, model, messages }: WireRequest): Wire {
  const items: Item[] = [];
  let tokens = 0;
  let open: "message" | "reasoning" | undefined;
  let sequence = 0;
  const send = (type: string, fields: object): string =>
    sse({ type, sequence_number: sequence++, ...fields }, type);
  const place = (): { output_index: number; item_id: string } => ({
    output_index: items.length - 1,
    item_id: items.at(-1)!.id,
  });
  const body = (status: string): object => ({
    id: `resp_${index}`,
    object: "response",
    created_at: 0,
    model,
    status,
    output: status === "completed" ? items : [],
    usage:
      status === "completed"
        ? { input_tokens: messages, output_tokens: tokens, total_tokens: messages + tokens }
        : null,
  });
  const close = (): string => {
    if (open === undefined) return "";
    open = undefined;
    return send("response.output_item.done", { output_index: items.length - 1, item: items.at(-1) });
  };
  const start = (item: Item): string => {
    const ended = close();
    items.push(item);
    if (item.type !== "function_call") open = item.type;
    return ended + send("response.output_item.added", { output_index: items.length - 1, item });
  };
  const id = (kind: string): string => `${kind}_${index}_${items.length}`;

  const speak = (step: SpokenStep): string => {
    tokens += 1;
    if (typeof step === "string") {
      const begun =
        open === "message"
          ? ""
          : start({
              type: "message",
              id: id("msg"),
              role: "assistant",
              content: [{ type: "output_text", text: "" }],
            });
      const item = items.at(-1)!;
      if (item.type === "message") item.content[0]!.text += step;
      return begun + send("response.output_text.delta", { ...place(), content_index: 0, delta: step });
    }
    if (step.type === "reasoning") {
      const isNew = open !== "reasoning";
      const begun = isNew ? start({ type: "reasoning", id: id("rs"), summary: [] }) : "";
      const part = isNew
        ? send("response.reasoning_summary_part.added", { ...place(), summary_index: 0 })
        : "";
      return (
        begun +
        part +
        send("response.reasoning_summary_text.delta", { ...place(), summary_index: 0, delta: step.text })
      );
    }
    return step.calls
      .map(({ id: callId, name, arguments: text }) => {
        const head: Item = {
          type: "function_call",
          id: id("fc"),
          call_id: callId,
          name,
          arguments: "",
          status: "in_progress",
        };
        const begun = start(head);
        const pieces = (text.match(new RegExp(`[^]{1,${PIECE}}`, "g")) ?? []).map((delta) =>
          send("response.function_call_arguments.delta", { ...place(), delta }),
        );
        Object.assign(head, { arguments: text, status: "completed" });
        return (
          begun +
          pieces.join("") +
          send("response.function_call_arguments.done", { ...place(), arguments: text }) +
          send("response.output_item.done", { output_index: items.length - 1, item: head })
        );
      })
      .join("");
  };
  const refusal = (_: number, message: string): object => ({
    error: { message, type: "fake_error", param: null, code: null },
  });

  return {
    begin: () => send("response.created", { response: body("in_progress") }),
    step: speak,
    fault: (message) => send("error", { code: "server_error", message, param: null }),
    end: () => close() + send("response.completed", { response: body("completed") }),
    whole: () => body("completed"),
    refusal,
  };
}
