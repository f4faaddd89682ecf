import { setImmediate } from "node:timers/promises";

import {
  type EventResponder,
  type Part,
  ResponderError,
  type ResponderEvent,
  type ResponderRequest,
  citationsOf,
  contentOf,
  isChatkeepError,
} from "@chatkeep/protocol";

import type { Docs } from "../docs.ts";
import { type DocsAnswer, listOf, quotePassages } from "./answer.ts";
import { type Choice, ambiguous, chosen } from "./choice.ts";
import { type Reading, readQuestion } from "./question.ts";
import { answerFromHistory } from "./remembered.ts";
import { findPassages } from "./retrieval.ts";

export interface DocsResponderOptions {
  readonly docs: Docs;
}

/**
 * Creates a responder that answers with quotes from the docs, without a model: a sentence that names the documents, then
 * one to three quotes with the markers `[1]` to `[3]`. Yields the citations first, then the text word by word. Says so
 * when the docs have no answer. Goes on with an answer whose node died, unless the docs have changed since. Errors:
 * `unavailable` while the database is down, `interrupted` if it cannot go on.
 */
export function createDocsResponder({ docs }: DocsResponderOptions): EventResponder {
  async function* respond(request: ResponderRequest): AsyncGenerator<ResponderEvent, void, void> {
    request.signal.throwIfAborted();
    const reading = readQuestion(request);
    const { citations, text, choices } = restOf(
      await answer(docs, reading, request).catch(explain),
      request.answer,
    );
    if (choices !== undefined)
      yield { type: "data", name: "choices", data: choices.map((one) => ({ ...one })) };
    for (const citation of citations) {
      request.signal.throwIfAborted();
      yield { type: "citation", citation };
    }
    for (const word of text.match(/\s*\S+/g) ?? []) {
      request.signal.throwIfAborted();
      yield { type: "text", text: word };
      // Lets the words so far be stored and sent. Without it, a long answer is one event.
      await setImmediate();
    }
  }
  return Object.assign(respond, { continues: true });
}

/** The part of an answer that earlier attempts did not give. The docs give the same answer again until they change. */
function restOf({ citations, text, choices }: DocsAnswer, given: readonly Part[]): DocsAnswer {
  const cited = citationsOf(given) ?? [];
  const said = contentOf(given);
  const isSame =
    text.startsWith(said) &&
    cited.every(({ path, anchor, quote }, index) => {
      const citation = citations[index];
      return citation?.path === path && citation.anchor === anchor && citation.quote === quote;
    });
  if (!isSame) {
    const detail =
      "The docs changed while this answer was cut off. What was shown is kept; ask again for the rest.";
    throw new ResponderError({ code: "interrupted", detail });
  }
  const rest = { citations: citations.slice(cited.length), text: text.slice(said.length) };
  const isAsked = given.some((part) => part.type === "data" && part.name === "choices");
  return choices === undefined || isAsked ? rest : { ...rest, choices };
}

async function answer(docs: Docs, reading: Reading, request: ResponderRequest): Promise<DocsAnswer> {
  if (reading.kind === "thanks") return plain("You are welcome.");
  if (reading.kind === "greeting") {
    return plain(`Hello! I answer from the docs, in their own words. ${await invitation(docs)}`);
  }
  const remembered = answerFromHistory(request);
  if (remembered !== undefined) return plain(remembered);
  const choice = chosen(request);
  if (choice !== undefined) return quoteChoice(docs, reading, choice);
  const finding = reading.kind === "empty" ? undefined : await findPassages(docs, reading, request);
  const choices = ambiguous(request.question.content, reading, finding?.candidates ?? []);
  if (choices.length > 0) return askBack(choices);
  if (finding !== undefined && finding.passages.length > 0) return quotePassages(docs, reading, finding);
  const regret =
    reading.kind === "more" ? "The docs say no more about that." : "The docs have no answer to that.";
  return plain(`${regret} ${await invitation(docs)}`);
}

/** Asks which of the places is meant. */
function askBack(choices: readonly Choice[]): DocsAnswer {
  const listed = choices.map(({ title }, index) => `${index + 1}. ${title}`).join("\n");
  return { citations: [], text: `Which of these do you mean?\n\n${listed}`, choices };
}

/** Quotes the place that was chosen by its number. */
async function quoteChoice(
  docs: Docs,
  reading: Reading,
  { path, anchor, title }: Choice,
): Promise<DocsAnswer> {
  const found = await docs.search({ question: title, document: path, limit: 20 });
  const there = found.filter((passage) => passage.anchor === anchor);
  const passages = (there.length > 0 ? there : found).slice(0, 2).sort((a, b) => a.position - b.position);
  if (passages.length === 0) return plain("The docs no longer hold that passage.");
  return quotePassages(docs, { ...reading, question: title }, { passages, candidates: passages, sure: true });
}

function explain(error: unknown): never {
  if (!isChatkeepError(error, "unavailable")) throw error;
  const detail = "The docs cannot be read just now. Ask again in a moment.";
  throw new ResponderError({ code: "unavailable", detail }, { cause: error });
}

function plain(text: string): DocsAnswer {
  return { citations: [], text };
}

/** Maximum documents that an invitation names. */
const NAMED = 4;

async function invitation(docs: Docs): Promise<string> {
  const documents = await docs.documents();
  if (documents.length === 0) return "They are empty so far.";
  const titles = documents.slice(0, NAMED).map((document) => `“${document.title}”`);
  const which = documents.length > NAMED ? `${titles.join(", ")} and more` : listOf(titles);
  return `You can ask about ${which}.`;
}
