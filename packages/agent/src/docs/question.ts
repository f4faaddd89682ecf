import type { DocsQuery } from "@chatkeep/core";
import type { ResponderRequest } from "@chatkeep/protocol";

/** A parsed question. */
export interface Reading extends DocsQuery {
  /** `more` asks for other passages than those already quoted. */
  readonly kind: "question" | "follow-up" | "more" | "greeting" | "thanks" | "empty";
  /** For "what is X?": matches a sentence that defines X. */
  readonly definition?: RegExp | undefined;
}

/** Words of questions that docs seldom hold. They would weigh as rare words and match nothing. */
const FILLERS = new Set(
  `a able about actually after also am an and any anybody anyone anything are as at be been before but by
  can cannot come could describe did do does doesnt dont during else everything exactly explain find for
  from get gets getting give given goes going gonna gotta had happen happened happening happens has have
  hello hey hi how i if im in is isnt it its just know let lets like look made make makes making maybe me mean means might mine
  my need needed needs of ok okay on or our perhaps please possible possibly question really say says
  shall should show so some somebody someone something still sure talk tell than thank thanks that the
  their them then there these they thing things think this those to too try trying understand us use
  used using was way we were what whats when where which while who whom whose why will with wonder
  wondering work works would yes you your`.split(/\s+/),
);

const GREETING =
  /^(hi|hello|hey|hallo|good (morning|afternoon|evening|day)|greetings)\b[\s,!.]*(there|all|everybody)?[\s!.]*$/i;
const THANKS =
  /^(thanks|thank you|thx|cheers|great|perfect|nice|cool|ok|okay)([\s,!.]+(thanks|thank you|a lot|so much|very much|great|perfect|that helps|that helped|then))*[\s!.]*$/i;
const MORE =
  /^(more|go on|continue|and\?*|why|how so|really|tell me more|anything else|what else|can you elaborate|elaborate)\b[\s?!.]*$/i;
const OPENING = /^(and|but|so|or|what about|how about|what if|then|also)\b/i;
const POINTING = /\b(it|its|they|them|their|that|this|these|those|there|one|ones|both|same|former|latter)\b/i;

/** Maximum words of a question that depends on the one before. */
const SHORT = 9;
/** Maximum words of a question that are searched. */
const MOST_WORDS = 64;

/**
 * Parses a question. A short one that begins with "and" or has a pronoun ("what about its limits?") gets the person's
 * previous question as background. Selected text is background too.
 */
export function readQuestion({ question, history }: Pick<ResponderRequest, "question" | "history">): Reading {
  const asked = question.content.trim();
  const selected = (question.contextText ?? "").slice(0, 600);
  const before =
    history.findLast((message) => message.role === "user" && !isEmpty(message.content))?.content ?? "";

  if (is(GREETING, asked)) return { kind: "greeting", question: asked };
  if (is(THANKS, asked) && selected === "") return { kind: "thanks", question: asked };
  if (is(MORE, asked) && before !== "") return { kind: "more", question: essence(before) };

  const words = essence(asked);
  const leans =
    before !== "" && asked.split(/\s+/).length <= SHORT && (OPENING.test(asked) || POINTING.test(asked));
  const background = [essence(selected), leans ? essence(before) : ""]
    .filter((text) => text !== "")
    .join("\n");
  if (words === "" && background === "") return { kind: "empty", question: asked };
  if (words === "") return { kind: "follow-up", question: background };
  const kind = leans ? "follow-up" : "question";
  return { kind, question: words, background, definition: definitionOf(asked) };
}

const WHAT_IS =
  /^what(?:['’]s|\s+is|\s+are|\s+does)\s+(?:an?\s+|the\s+)?([\p{L}\p{N}_ -]{2,40}?)(?:\s+mean)?[?!.\s]*$/iu;

function definitionOf(asked: string): RegExp | undefined {
  const subject = is(WHAT_IS, asked) ? WHAT_IS.exec(asked)?.[1]?.trim().replace(/s$/i, "") : undefined;
  if (subject === undefined || subject === "") return undefined;
  return new RegExp(`^(?:an?\\s+|the\\s+)?[\`*"“]?${subject}s?[\`*"”]?\\s+(?:is|are|means)\\b`, "iu");
}

/** Whether a text asks nothing by itself. */
function isEmpty(text: string): boolean {
  const asked = text.trim();
  return is(GREETING, asked) || is(THANKS, asked) || is(MORE, asked);
}

/** Whether a whole text matches. A long one does not, and costs no backtracking. */
function is(kind: RegExp, text: string): boolean {
  return text.length <= 80 && kind.test(text);
}

/** The words of a text without fillers, at most 64; may be empty. */
function essence(text: string): string {
  return wordsOf(text)
    .filter((word) => !FILLERS.has(word.toLowerCase().replaceAll(/['’]/g, "")))
    .slice(0, MOST_WORDS)
    .join(" ");
}

/** The words to search for: without fillers, unless there are no others. */
export function searchWords(text: string): string {
  const words = essence(text);
  return words === "" ? wordsOf(text).slice(0, MOST_WORDS).join(" ") : words;
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}_'’-]+/gu) ?? [];
}

/** Whether a sentence or list item defines the subject of the question: "A scope is …". */
export function defines(sentence: string, { definition }: Reading): boolean {
  return definition !== undefined && definition.test(sentence.replace(/^\s*(?:[-*+]|\d+\.)\s+/, ""));
}
