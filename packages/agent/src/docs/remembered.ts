import type { Message, ResponderRequest } from "@chatkeep/protocol";

/** Maximum messages that an answer quotes. */
const MOST = 3;

const OF_ONES_OWN =
  /^(?:so |and |do you know )?(?:what|who|where|when|which|how old)(?:['’]s| is| are| was| were) my ([\p{L}\p{N}' -]{2,60}?)[?!.\s]*$/iu;
const SAID =
  /\bwhat (?:did|have|had) (i|we|you)(?: just| already)? (?:ask|asked|say|said|tell|told|write|written|mention|mentioned|answer|answered|talk|talked|discuss|discussed)\b(.*)$/iu;
const WHEN_SAID =
  /\b(?:did|have) i (?:ever |already )?(?:ask|asked|mention|mentioned|say|said|tell|told)\b(.*)$/iu;
const NTH = /\b(?:what|which) (?:was|is) (?:my|the) (first|last|latest|previous) (?:question|message)\b/iu;
/** Words of such a question that do not name its topic. */
const ABOUT =
  /\b(?:you|me|to|about|on|regarding|of|the|a|an|yesterday|today|this morning|last time|earlier|before|in this conversation|already|my|any|anything|something|question|questions|us)\b/giu;

/**
 * Answers a question about the conversation itself ("what did I ask about backups yesterday?", "what is my name?") from
 * its messages, including recalled turns. Returns Markdown with quotes; `undefined` for any other question, or when the
 * docs may know the answer.
 */
export function answerFromHistory({
  question,
  history,
}: Pick<ResponderRequest, "question" | "history">): string | undefined {
  const asked = question.content.trim();
  if (asked.length > 200) return undefined;
  const said = history.filter((message) => message.role === "user" && message.content.trim() !== "");

  const nth = NTH.exec(asked)?.[1]?.toLowerCase();
  if (nth !== undefined) {
    // A context may lack older messages, so the first is certain only with its number.
    const message = nth === "first" ? said.find(({ seq }) => seq <= 2) : said.at(-1);
    return message === undefined ? undefined : `Your ${nth} question was: ${quoted(message)}`;
  }

  const own = OF_ONES_OWN.exec(asked)?.[1];
  if (own !== undefined) return ofOnesOwn(own, said);

  const [, who = "i", rest] = SAID.exec(asked) ?? [];
  const about = rest ?? WHEN_SAID.exec(asked)?.[1];
  if (about === undefined) return undefined;
  const mine = who.toLowerCase() !== "you";
  const day = dayOf(asked, question.createdAt);
  const words = wordsOf(about.replaceAll(ABOUT, " "));
  const found = history
    .filter((message) => message.role === (mine ? "user" : "assistant") && message.content.trim() !== "")
    .filter((message) => day === undefined || message.createdAt.slice(0, 10) === day)
    .map((message) => ({ message, held: shareOf(words, message.content) }))
    .filter(({ held }) => words.length === 0 || held > 0);
  const best = Math.max(0, ...found.map(({ held }) => held));
  const told = found.filter(({ held }) => held === best).slice(-MOST);
  const topic = words.length === 0 ? "" : ` about ${words.join(" ")}`;
  const when = day === undefined ? "" : ` on ${day}`;
  if (told.length === 0)
    return `I find nothing that ${mine ? "you" : "I"} said${topic}${when} in this conversation.`;
  const lines = told.map(({ message }) => `- ${message.createdAt.slice(0, 10)}: ${quoted(message)}`);
  return [`${mine ? "You" : "I"} said${topic}${when}:`, "", ...lines].join("\n");
}

/** The person's latest statement about something of their own, such as their name. */
function ofOnesOwn(thing: string, said: readonly Message[]): string | undefined {
  const isName = /^(?:first |full )?name$/i.test(thing);
  const name =
    /\b(?:my name(?:['’]s| is)|i am called|call me|i['’]m called)\s+(\p{L}[\p{L}'’-]*(?:\s\p{Lu}[\p{L}'’-]*)?)/iu;
  const escaped = thing.replaceAll(/[^\p{L}\p{N} ]/gu, ".");
  const statement = new RegExp(`\\bmy ${escaped}\\b(?!\\s*\\?)`, "iu");
  for (const message of said.toReversed()) {
    if (isName) {
      const told = name.exec(message.content)?.[1];
      if (told !== undefined)
        return `Your name is ${told}: you said so on ${message.createdAt.slice(0, 10)}.`;
    } else if (statement.test(message.content) && !message.content.trim().endsWith("?")) {
      return `You told me on ${message.createdAt.slice(0, 10)}: ${quoted(message)}`;
    }
  }
  return isName ? "You have not told me your name in this conversation." : undefined;
}

/** The day that a question names: `2026-11-19`. */
function dayOf(asked: string, now: string): string | undefined {
  const day = new Date(now);
  if (/\byesterday\b/i.test(asked)) day.setUTCDate(day.getUTCDate() - 1);
  else if (!/\btoday\b|\bthis morning\b/i.test(asked)) return undefined;
  return day.toISOString().slice(0, 10);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** The share of words that a text holds. Endings of longer words may differ. */
function shareOf(words: readonly string[], text: string): number {
  if (words.length === 0) return 1;
  const there = wordsOf(text);
  const held = words.filter((word) => {
    const stem = word.length > 4 ? word.slice(0, Math.max(4, word.length - 2)) : word;
    return there.some((other) => (word.length > 4 ? other.startsWith(stem) : other === word));
  });
  return held.length / words.length;
}

/** Maximum characters of a quoted message. */
const LONGEST = 300;

function quoted({ content }: Message): string {
  const text = content.trim().replaceAll(/\s+/g, " ");
  return `“${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}”`;
}
