import type { ModelCall, ModelStep } from "./step.ts";

/** One completion: its chunks, and what they come to. */
export interface Completion {
  /** The chunks of one step. */
  chunk(step: Exclude<ModelStep, { type: "error" | "raw" | "cut" | "hang" }>): object[];
  /** The whole of it, and the two chunks that end a stream. `messages` is how many the request held. */
  collect(messages: number): { whole: object; finish: object; usage: object };
}

/** Starts a completion; `head` is what all of its chunks have in common. */
export function createCompletion(head: object): Completion {
  let content = "";
  let reasoning = "";
  let tokens = 0;
  const calls: ModelCall[] = [];
  const object = "chat.completion.chunk";
  let hasBegun = false;
  const delta = (fields: object): object => {
    // OpenAI's first delta names the role, whatever it holds.
    const first = hasBegun ? {} : { role: "assistant" };
    hasBegun = true;
    return { ...head, object, choices: [{ index: 0, delta: { ...first, ...fields }, finish_reason: null }] };
  };

  return {
    chunk(step) {
      tokens++;
      if (typeof step === "string") {
        content += step;
        return [delta({ content: step })];
      }
      if (step.type === "reasoning") {
        reasoning += step.text;
        return [delta({ reasoning_content: step.text })];
      }
      const from = calls.length;
      calls.push(...step.calls);
      const heads = step.calls.map((call, at) =>
        delta({
          tool_calls: [
            { index: from + at, id: call.id, type: "function", function: { name: call.name, arguments: "" } },
          ],
        }),
      );
      return [...heads, ...argumentDeltas(step.calls, from).map(delta)];
    },
    collect(messages) {
      const finish_reason = calls.length > 0 ? "tool_calls" : "stop";
      const usage = { prompt_tokens: messages, completion_tokens: tokens, total_tokens: messages + tokens };
      const tool_calls = calls.map((call) => ({
        id: call.id,
        type: "function",
        function: { name: call.name, arguments: call.arguments },
      }));
      const message = {
        role: "assistant",
        content: content === "" ? null : content,
        ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
        ...(calls.length === 0 ? {} : { tool_calls }),
      };
      return {
        whole: {
          ...head,
          object: "chat.completion",
          choices: [{ index: 0, message, finish_reason }],
          usage,
        },
        finish: { ...head, object, choices: [{ index: 0, delta: {}, finish_reason }] },
        usage: { ...head, object, choices: [], usage },
      };
    },
  };
}

function argumentDeltas(calls: readonly ModelCall[], from: number): object[] {
  const size = 8;
  const rounds = Math.ceil(Math.max(0, ...calls.map((call) => call.arguments.length)) / size);
  return Array.from({ length: rounds }).flatMap((_, round) =>
    calls.flatMap((call, at) => {
      const piece = call.arguments.slice(round * size, (round + 1) * size);
      return piece === "" ? [] : [{ tool_calls: [{ index: from + at, function: { arguments: piece } }] }];
    }),
  );
}
