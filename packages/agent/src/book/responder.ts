import { setImmediate } from "node:timers/promises";

import { type Responder, ResponderError, isChatkeepError } from "@chatkeep/protocol";

import type { Book } from "../book.ts";
import { type BookAnswer, listOf, quotePassages } from "./answer.ts";
import { type Choice, ambiguous, chosen } from "./choice.ts";
import { type Reading, readQuestion } from "./question.ts";
import { answerFromHistory } from "./remembered.ts";
import { findPassages } from "./retrieval.ts";

/** What {@link createBookResponder} takes. */
export interface BookResponderOptions {
  readonly book: Book;
}

/**
 * A responder that answers from a book, in its words, without a model, a key or a network: one sentence that
 * says where, then one to three quotes with the markers `[1]` to `[3]`, each with its citation. The citations
 * come before the text, word by word. When the book has no answer it says so; when it cannot be read, for it is
 * in the database, it fails with `unavailable`.
 */
export function createBookResponder({ book }: BookResponderOptions): Responder {
  return async function* respond(request) {
    request.signal.throwIfAborted();
    const reading = readQuestion(request);
    const { citations, text, choices } = await answer(book, reading, request).catch(explain);
    if (choices !== undefined)
      yield { type: "data", name: "choices", data: choices.map((one) => ({ ...one })) };
    for (const citation of citations) {
      request.signal.throwIfAborted();
      yield { type: "citation", citation };
    }
    for (const word of text.match(/\s*\S+/g) ?? []) {
      request.signal.throwIfAborted();
      yield { type: "text", text: word };
      // What was said so far can be stored and sent before the rest is: else a long answer is one event.
      await setImmediate();
    }
  };
}

async function answer(book: Book, reading: Reading, request: Parameters<Responder>[0]): Promise<BookAnswer> {
  if (reading.kind === "thanks") return plain("You are welcome.");
  if (reading.kind === "greeting") {
    return plain(`Hello! I answer from a book, in its own words. ${await invitation(book)}`);
  }
  const remembered = answerFromHistory(request);
  if (remembered !== undefined) return plain(remembered);
  const choice = chosen(request);
  if (choice !== undefined) return quoteChoice(book, reading, choice);
  const finding = reading.kind === "empty" ? undefined : await findPassages(book, reading, request);
  const choices = ambiguous(request.question.content, reading, finding?.candidates ?? []);
  if (choices.length > 0) return askBack(choices);
  if (finding !== undefined && finding.passages.length > 0) return quotePassages(book, reading, finding);
  const regret =
    reading.kind === "more" ? "The book says no more about that." : "The book has no answer to that.";
  return plain(`${regret} ${await invitation(book)}`);
}

/** One question back, with the answers that are possible. */
function askBack(choices: readonly Choice[]): BookAnswer {
  const listed = choices.map(({ title }, index) => `${index + 1}. ${title}`).join("\n");
  return { citations: [], text: `Which of these do you mean?\n\n${listed}`, choices };
}

/** The place that was chosen by its number, quoted. */
async function quoteChoice(
  book: Book,
  reading: Reading,
  { path, anchor, title }: Choice,
): Promise<BookAnswer> {
  const found = await book.search({ question: title, chapter: path, limit: 20 });
  const there = found.filter((passage) => passage.anchor === anchor);
  const passages = (there.length > 0 ? there : found).slice(0, 2).sort((a, b) => a.position - b.position);
  if (passages.length === 0) return plain("The book does not hold that place any more.");
  return quotePassages(book, { ...reading, question: title }, { passages, candidates: passages, sure: true });
}

function explain(error: unknown): never {
  if (!isChatkeepError(error, "unavailable")) throw error;
  const detail = "The book cannot be read just now. Ask again in a moment.";
  throw new ResponderError({ code: "unavailable", detail }, { cause: error });
}

function plain(text: string): BookAnswer {
  return { citations: [], text };
}

/** Chapters that an invitation names. */
const NAMED = 4;

async function invitation(book: Book): Promise<string> {
  const chapters = await book.chapters();
  if (chapters.length === 0) return "It is empty so far.";
  const titles = chapters.slice(0, NAMED).map((chapter) => `“${chapter.title}”`);
  const which = chapters.length > NAMED ? `${titles.join(", ")} and more` : listOf(titles);
  return `You can ask about ${which}.`;
}
