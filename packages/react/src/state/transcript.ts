import type { Message, Part, ShownAnswer } from "@chatkeep/protocol";

import { type Entry, answerEntry, questionEntry, shownEntry, storedEntry } from "./entry.ts";
import type { LiveTurn } from "./live.ts";
import type { Question } from "./question.ts";

/** Puts stored messages, running answers and questions on their way into one order; see {@link createTranscript}. */
export type Transcript = (
  stored: readonly Message[],
  turns: readonly LiveTurn[],
  questions: readonly Question[],
) => readonly Entry[];

/**
 * Makes the function that builds what is shown of a conversation, oldest first: the stored messages by
 * `seq`; in place of a streaming answer the one that its events tell, once it has caught up; then what is not
 * stored yet, each question followed by its answer. An entry stays the same object until it changes.
 */
export function createTranscript(): Transcript {
  const storedEntries = new WeakMap<Message, Entry>();
  const questionEntries = new WeakMap<Question, Entry>();
  const shownEntries = new WeakMap<Question, Entry>();
  const answers = new WeakMap<LiveTurn, { answer: unknown; entry: Entry }>();

  const ofMessage = (message: Message): Entry => {
    const entry = storedEntries.get(message) ?? storedEntry(message);
    storedEntries.set(message, entry);
    return entry;
  };
  const ofQuestion = (question: Question): Entry => {
    const entry = questionEntries.get(question) ?? questionEntry(question);
    questionEntries.set(question, entry);
    return entry;
  };
  const ofShown = (question: Question, shown: ShownAnswer): Entry => {
    const entry = shownEntries.get(question) ?? shownEntry(shown);
    shownEntries.set(question, entry);
    return entry;
  };
  const ofTurn = (live: LiveTurn): Entry => {
    const answer = live.answer();
    const before = answers.get(live);
    if (before?.answer === answer) return before.entry;
    const entry = answerEntry(live);
    answers.set(live, { answer, entry });
    return entry;
  };

  return (stored, turns, questions) => {
    const entries = new Map<string, Entry>();
    const add = (entry: Entry): void => void (entries.has(entry.id) || entries.set(entry.id, entry));
    const byReply = new Map(turns.map((live) => [live.replyId, live]));
    const byQuestion = new Map(turns.map((live) => [live.questionId, live]));
    const ids = new Set(stored.map((message) => message.id));
    const addAnswer = (questionId: string): void => {
      const live = byQuestion.get(questionId);
      if (live !== undefined && !ids.has(live.replyId)) add(ofTurn(live));
    };
    const addShown = (question: Question): void => {
      if (question.shown !== null && !byQuestion.has(question.id)) add(ofShown(question, question.shown));
    };

    for (const message of stored) {
      const live = message.status === "streaming" ? byReply.get(message.id) : undefined;
      const caughtUp = live !== undefined && extent(live.answer().parts) >= extent(message.parts);
      add(caughtUp ? ofTurn(live) : ofMessage(message));
      addAnswer(message.id);
    }
    for (const question of questions) {
      add(ofQuestion(question));
      addAnswer(question.id);
      addShown(question);
    }
    return [...entries.values()];
  };
}

/**
 * How much an answer shows, in characters and parts. After a reload the stored part of a running answer is
 * shown until the replayed one has caught up with it: text that was visible never disappears.
 */
function extent(parts: readonly Part[]): number {
  return parts.reduce(
    (sum, part) => sum + 1 + (part.type === "text" || part.type === "reasoning" ? part.text.length : 0),
    0,
  );
}
