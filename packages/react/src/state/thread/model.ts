import type { Answer, Part } from "@chatkeep/protocol";

import type { Origin } from "../scope.ts";
import type { Delivery } from "./entry.ts";
import type { Connection } from "./follow.ts";
import { type LoadedMessages, NO_MESSAGES } from "./messages.ts";
import type { Side, Wanted } from "./read.ts";
import type { Outcome, ThreadState, ThreadStatus } from "./thread-state.ts";

/** A question that is not known to be saved, as the browser keeps it. */
export interface KeptQuestion {
  /** The client message id: sending again with it asks nothing twice. */
  readonly id: string;
  readonly text: string;
  readonly contextText: string | null;
  /** Files before the text; or answers to approval requests, without a text. */
  readonly parts: readonly Part[];
  /** The sentence why sending was given up; `null` while it still may be under way. */
  readonly failure: string | null;
  /** What saves it with the answer that was shown to it during an outage, and holds both. */
  readonly token: string | null;
  /** The stored question of which it is another version, and the message that both follow, once that is read. */
  readonly replaces: { readonly id: string; readonly parentId?: string | null | undefined } | null;
  /** Where its conversation came from when it was asked, which may not be created yet. */
  readonly origin: Origin;
}

/** A question that is not yet read back from the store. */
export interface Question extends KeptQuestion {
  readonly delivery: Delivery;
}

/** A turn that is followed, or was and is not yet read back from the store. */
export interface LiveTurn {
  readonly turnId: string;
  /** The question's message id. */
  readonly questionId: string;
  /** The answer's message id. */
  readonly replyId: string;
  readonly persisted: boolean;
  readonly answer: Answer;
  readonly connection: Connection;
  /** A person has asked to stop it. */
  readonly stopping: boolean;
  readonly ended: boolean;
}

/** How the reading of one side stands. `again`: it failed and is tried again. */
export interface SideState {
  readonly state: "idle" | "loading" | "failed" | "again";
  /** Readings that failed since the last good one. */
  readonly failures: number;
}

/** All that is known of a conversation in this page. A value: the reducer makes a new one for each change. */
export interface ThreadModel {
  readonly origin: Origin;
  /** Whether the conversation is stored, as far as is known. */
  readonly exists: boolean;
  readonly status: ThreadStatus;
  readonly failure: string | null;
  /** `null` until messages were read. */
  readonly messages: LoadedMessages | null;
  readonly sides: Readonly<Record<Side, SideState>>;
  /** The reading under way, and the turns that had ended before it began. */
  readonly reading: { readonly wanted: Wanted; readonly ended: readonly string[] } | null;
  /** What is read after that. */
  readonly readNext: Wanted | null;
  /** Readings that failed since the last good one. */
  readonly failedReadings: number;
  /** Something is stored that was not read back yet: nothing else is sent before, unless reading it failed. */
  readonly unread: boolean;
  /** The running turn of another page that is looked up. */
  readonly lookedUp: string | null;
  /** A turn that had ended when it was looked up. */
  readonly endedTurn: string | null;
  readonly questions: readonly Question[];
  readonly turns: readonly LiveTurn[];
  /** The question on its way whose turn has not begun, and whether to stop that once it has. */
  readonly sending: { readonly questionId: string; readonly stopping: boolean } | null;
  /** Stop was pressed before the next question could be sent. */
  readonly stopNext: boolean;
  /** Another page's turn was in the way of a question: it waits until that was read. */
  readonly busy: boolean;
  /** The message to go to once it is read. */
  readonly goingTo: number | null;
  readonly target: ThreadState["target"];
  readonly outcome: Outcome;
}

/** An answer of which nothing has arrived. */
export const NO_ANSWER: Answer = {
  parts: [],
  model: null,
  usage: null,
  intent: null,
  processed: null,
  status: "running",
  error: null,
  persisted: true,
  token: null,
  waiting: false,
};

/** A side that is not being read. */
export const IDLE: SideState = { state: "idle", failures: 0 };

/** A conversation of which nothing was read. */
export function newModel(origin: Origin, kept: readonly KeptQuestion[]): ThreadModel {
  return {
    origin,
    exists: origin.kind === "stored",
    status: origin.kind === "new" ? "new" : "loading",
    failure: null,
    messages: null,
    sides: { older: IDLE, newer: IDLE },
    reading: null,
    readNext: null,
    failedReadings: 0,
    unread: false,
    lookedUp: null,
    endedTurn: null,
    questions: kept.map(takenUp),
    turns: [],
    sending: null,
    stopNext: false,
    busy: false,
    goingTo: null,
    target: null,
    outcome: "none",
  };
}

/** Whether it only answers what the last answer asks for, which then goes on. */
export function isReply({ parts }: Pick<KeptQuestion, "parts">): boolean {
  return parts.length > 0 && parts[0]?.type !== "file";
}

/** All parts of the message that it becomes. */
export function partsOf({ text, parts }: Pick<KeptQuestion, "text" | "parts">): readonly Part[] {
  return text === "" ? parts : [...parts, { type: "text", text }];
}

/** The loaded messages; none until some were read. */
export function loadedOf({ messages }: ThreadModel): LoadedMessages {
  return messages ?? NO_MESSAGES;
}

/** The turn that runs, if any is known. */
export function runningTurn({ turns }: ThreadModel): LiveTurn | undefined {
  return turns.find(({ ended }) => !ended);
}

/** The question that is sent as soon as what is stored was read back. */
export function nextQuestion({ questions }: ThreadModel): Question | undefined {
  return questions.find(({ delivery }) => delivery === "queued");
}

/**
 * A question that was kept from before a reload, or by another tab: it was under way, so it is sent again under its id
 * (once is once), unless sending had been given up.
 */
export function takenUp(question: KeptQuestion): Question {
  const { token, failure } = question;
  return { ...question, delivery: token !== null ? "unsaved" : failure === null ? "queued" : "failed" };
}
