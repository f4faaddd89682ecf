import type { Part, ToolCallPart, ToolResultPart } from "@chatkeep/protocol";

/** What earlier attempts left of an answer. */
export interface UnfinishedAnswer {
  /** Everything up to the last call or result. */
  readonly steps: readonly Part[];
  /** How many steps called tools. */
  readonly count: number;
  /** The calls without a result, in order. */
  readonly calls: readonly ToolCallPart[];
  /** The text after `steps`. */
  readonly text: string;
}

/** Splits an answer where its model is to go on. */
export function splitAnswer(answer: readonly Part[]): UnfinishedAnswer {
  const calls: ToolCallPart[] = [];
  let end = 0;
  let count = 0;
  let text = "";
  let isCalling = false;
  for (const [index, part] of answer.entries()) {
    if (part.type === "text") text += part.text;
    if (part.type !== "tool-call" && part.type !== "tool-result") continue;
    if (part.type === "tool-call") {
      calls.push(part);
      if (!isCalling) count += 1;
    } else if (part.preliminary !== true) {
      const called = calls.findIndex(({ id }) => id === part.id);
      if (called >= 0) calls.splice(called, 1);
    }
    isCalling = part.type === "tool-call";
    end = index + 1;
    text = "";
  }
  return { steps: answer.slice(0, end), count, calls, text };
}

/** Whether the model had written a call's arguments to their end. */
export function isComplete({ arguments: text }: ToolCallPart): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The result of a call whose tool may have run, or that was cut off before it was made. */
export function unknownResult(call: ToolCallPart): ToolResultPart {
  const { id, name } = call;
  const result = isComplete(call)
    ? `The server stopped during this call. Whether ${name} took effect is not known. Check before you call it again.`
    : "The call was cut off before it was made.";
  return { type: "tool-result", id, result, error: true };
}
