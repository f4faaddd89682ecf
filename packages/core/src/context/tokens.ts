import type { Message, Part } from "@chatkeep/protocol";

/** Counts the tokens of a message. */
export interface TokenCounter {
  /**
   * Counts the tokens of a message for a model: exact for OpenAI's `o200k_base` once the tokenizer is loaded, slightly
   * high before, close for other models.
   */
  count(message: Message): number;
  /** An upper bound of {@link count}, without the tokenizer: a token has at least one byte. */
  atMost(message: Message): number;
  /** Tokens of a text. */
  countText(text: string): number;
  /** Resolves when the tokenizer is loaded. */
  ready(): Promise<void>;
}

/** Cached counts: about 3 MB. */
const KEPT = 20_000;
/** Longer texts, in UTF-16 units, are not tokenized: 64,000 take 15 ms and fill most budgets. */
const LONGEST = 64_000;
/** Tokens that a provider adds to each message (OpenAI cookbook, "How to count tokens"). */
const FRAME = 4;

/** Counts are cached by message, because the parts of a settled message never change. */
export function createTokenCounter(): TokenCounter {
  const kept = new Map<string, number>();
  let exact: ((text: string) => number) | undefined;
  let loading: Promise<void> | undefined;

  /** Loads in 0.2 s and 40 MB. Nobody waits for it: until then counts are estimated. */
  const ready = (): Promise<void> => {
    loading ??= import("#o200k").then(
      ({ countTokens }) => {
        kept.clear();
        // Text that looks like a special token is ordinary text.
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

/** A high estimate: an English token has four or more bytes, a Chinese one three. */
function estimate(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3);
}

/** The text of a message for a model. */
function given(message: Message): string {
  return message.parts.map(textOf).join("\n") + (message.contextText ?? "");
}

/** The text of a part for a model, without reasoning and citations. */
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
