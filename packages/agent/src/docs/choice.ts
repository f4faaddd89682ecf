import type { FoundPassage } from "@chatkeep/core";
import type { Json, Message, ResponderRequest } from "@chatkeep/protocol";

import type { Reading } from "./question.ts";

/** A place in the docs that an answer listed, and that the next question can name by its number. */
export interface Choice {
  readonly path: string;
  readonly anchor: string | null;
  readonly title: string;
}

const NUMBERS = ["first", "second", "third"];
const NTH =
  /^(?:and |ok(?:ay)?,? |i mean |please )*(?:the |number |no\. ?)?(first|second|third|last|1(?:st)?|2(?:nd)?|3(?:rd)?|one|two|three)(?: one| of them| source| point| option)?[.?!\s]*$/i;

/** Resolves "the second one" to the place that the latest answer listed second; `undefined` when it lists none. */
export function chosen({
  question,
  history,
}: Pick<ResponderRequest, "question" | "history">): Choice | undefined {
  const asked = question.content.trim();
  const word = asked.length <= 40 ? NTH.exec(asked)?.[1]?.toLowerCase() : undefined;
  if (word === undefined) return undefined;
  const choices = choicesOf(history.findLast((message) => message.role === "assistant"));
  const spelled = ["one", "two", "three"].indexOf(word);
  const index =
    word === "last"
      ? choices.length - 1
      : Math.max(
          NUMBERS.indexOf(word),
          spelled,
          Number.parseInt(word, 10) - 1 || -1,
          word.startsWith("1") ? 0 : -1,
        );
  return choices[index];
}

/** The places that an answer asked about, else those that it cited. */
function choicesOf(answer: Message | undefined): Choice[] {
  const asked = answer?.parts.find((part) => part.type === "data" && part.name === "choices");
  if (asked?.type === "data" && Array.isArray(asked.data)) return asked.data.flatMap(choiceOf);
  return (answer?.citations ?? []).map(({ path, anchor, section, chapter }) => ({
    path,
    anchor,
    title: section ?? chapter,
  }));
}

function choiceOf(value: Json): Choice[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const { path, anchor, title } = value;
  if (typeof path !== "string" || typeof title !== "string") return [];
  return [{ path, anchor: typeof anchor === "string" ? anchor : null, title }];
}

/** Maximum words of a question that can be ambiguous. */
const SHORT = 3;
/** The minimum share of the best score for another place to be meant. */
const NEAR = 0.9;

/** The places that a question of one word may mean, one a document, with the word in its heading; none when it is clear. */
export function ambiguous(asked: string, reading: Reading, passages: readonly FoundPassage[]): Choice[] {
  const words = reading.question.split(/\s+/);
  const isShort = asked.trim().split(/\s+/).length <= SHORT && words.length === 1;
  if (reading.kind !== "question" || reading.definition !== undefined || !isShort) return [];
  const stem = (words[0] ?? "").toLowerCase().replace(/(?:es|s)$/, "");
  const best = passages[0]?.score ?? 0;
  const documents = new Map<string, Choice>();
  for (const { path, anchor, section, title, score } of passages) {
    if (score < best * NEAR || section === null || documents.has(path)) continue;
    if (!section.toLowerCase().includes(stem)) continue;
    documents.set(path, { path, anchor, title: `${section} (${title})` });
  }
  return documents.size > 1 ? [...documents.values()].slice(0, 3) : [];
}
