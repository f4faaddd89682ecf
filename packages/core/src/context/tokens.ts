import type { Message, Part } from "@chatkeep/protocol";

/** Counts the tokens of a message. */
export interface TokenCounter {
  /**
   * Tokens of what a model is given of a message: exact for OpenAI's `o200k_base` once the tokenizer is
   * there, a little too many before, for other models near enough.
   */
  count(message: Message): number;
  /** No fewer than {@link count} gives, and known at once: a token is at least a byte. */
  atMost(message: Message): number;
  /** Tokens of a text. */
  countText(text: string): number;
  /** Resolves when the tokenizer is there. */
  ready(): Promise<void>;
}

/** Counts that are kept: some 3 MB. */
const KEPT = 20_000;
/** UTF-16 units beyond which a text is not tokenized: 64,000 take 15 ms, and such a text fills most budgets. */
const LONGEST = 64_000;
/** What a provider adds for a message's role and borders (OpenAI cookbook, "How to count tokens"). */
const FRAME = 4;

/** The longest count kept for a text is of what it was; a message's parts never change once it is settled. */
export function createTokenCounter(): TokenCounter {
  const kept = new Map<string, number>();
  let exact: ((text: string) => number) | undefined;
  let loading: Promise<void> | undefined;

  /** Takes 0.2 s and 40 MB, which nobody waits for: what is asked meanwhile is estimated. */
  const ready = (): Promise<void> => {
    loading ??= import("gpt-tokenizer/encoding/o200k_base").then(
      ({ countTokens }) => {
        kept.clear();
        // What looks like a special token is text: people may write it.
        exact = (text) => countTokens(text, { disallowedSpecial: new Set() });
      },
      () => undefined,
    );
    return loading;
  };

  const countText = (text: string): number => {
    if (exact === undefined) void ready();
    return exact === undefined || text.length > LONGEST ? estimate(text) : exact(text);
  };

  return {
    ready,
    countText,
    atMost: (message) => Buffer.byteLength(given(message)) + FRAME,
    count(message) {
      const key = JSON.stringify([message.userId, message.conversationId, message.id, message.parts.length]);
      const known = kept.get(key);
      if (known !== undefined) return known;
      const count = countText(given(message)) + FRAME;
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value ?? "");
      kept.set(key, count);
      return count;
    },
  };
}

/** Rather too many: a token of English is four bytes and more, one of Chinese three. */
function estimate(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3);
}

/** What a model is given of a message. */
function given(message: Message): string {
  return message.parts.map(textOf).join("\n") + (message.contextText ?? "");
}

/** What a model is given of a part; reasoning and citations stay with us. */
function textOf(part: Part): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "tool-call":
      return `${part.name} ${part.id} ${part.arguments}`;
    case "tool-result":
      return `${part.id} ${typeof part.result === "string" ? part.result : JSON.stringify(part.result)}`;
    case "file":
      return part.name ?? part.mime;
    default:
      return "";
  }
}
