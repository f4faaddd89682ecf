import type { BookQuery } from "@chatkeep/core";
import type { ResponderRequest } from "@chatkeep/protocol";

/** What a question asks of a book. */
export interface Reading extends BookQuery {
  /** `more`: nothing new is asked, so what was quoted before is of no use. */
  readonly kind: "question" | "follow-up" | "more" | "greeting" | "thanks" | "empty";
}

/** Words of which questions are made and books are not: they would count as rare, and find nothing. */
const FILLERS = new Set(
  `a able about actually after also am an and any anybody anyone anything are as at be been before but by can cannot come could
  describe did do does doesnt dont during else everything exactly explain find for from get gets getting give given goes
  going gonna gotta had happen happened happening happens has have hello hey hi how i if im in is isnt it its just
  know let lets like look maybe me mean means might mine my need needed needs of ok okay on or our perhaps please
  possible possibly question really say says shall should show so some somebody someone something still sure talk tell
  than thank thanks that the their them then there these they thing things think this those to too try trying
  understand us use used using was way we were what whats when where which while who whom whose why will with wonder wondering work works would
  yes you your`.split(/\s+/),
);

const GREETING =
  /^(hi|hello|hey|hallo|good (morning|afternoon|evening|day)|greetings)\b[\s,!.]*(there|all|everybody)?[\s!.]*$/i;
const THANKS = /^(thanks|thank you|thx|cheers|great|perfect|nice|cool|ok|okay)\b[\s,!.a-z]{0,24}$/i;
const MORE =
  /^(more|go on|continue|and\?*|why|how so|really|tell me more|anything else|what else|can you elaborate|elaborate)\b[\s?!.]*$/i;
const OPENING = /^(and|but|so|or|what about|how about|what if|then|also)\b/i;
const POINTING = /\b(it|its|they|them|their|that|this|these|those|there|one|ones|both|same|former|latter)\b/i;

/** Words up to which a question may lean on the one before. */
const SHORT = 9;

/**
 * Reads a question: a short one that opens with "and" or points at something ("what about its limits?") is
 * asked with the person's question before it as background; text that was selected is background too.
 */
export function readQuestion({ question, history }: Pick<ResponderRequest, "question" | "history">): Reading {
  const asked = question.content.trim();
  const selected = (question.contextText ?? "").slice(0, 600);
  const before = history.findLast((message) => message.role === "user")?.content ?? "";

  if (GREETING.test(asked)) return { kind: "greeting", question: asked };
  if (THANKS.test(asked) && selected === "") return { kind: "thanks", question: asked };
  if (MORE.test(asked) && before !== "") return { kind: "more", question: essence(before) };

  const words = essence(asked);
  const leans =
    before !== "" && asked.split(/\s+/).length <= SHORT && (OPENING.test(asked) || POINTING.test(asked));
  const background = [selected, leans ? essence(before) : ""].filter((text) => text !== "").join("\n");
  if (words === "" && background === "") return { kind: "empty", question: asked };
  if (words === "") return { kind: "follow-up", question: background };
  return { kind: leans ? "follow-up" : "question", question: words, background };
}

/** The words that say what is asked about; empty when there are none. */
function essence(text: string): string {
  return text
    .replaceAll(/[\p{L}\p{N}_'’-]+/gu, (word) =>
      FILLERS.has(word.toLowerCase().replaceAll(/['’]/g, "")) ? " " : word,
    )
    .replaceAll(/[^\p{L}\p{N}]+$/gu, "")
    .trim();
}
