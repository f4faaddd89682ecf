import type { MessageStatus } from "@chatkeep/protocol";

import type { Outcome } from "../state/thread/thread-state.ts";

/** Every text that the components show, as a table, so that it can be given in another language. */
export interface Strings extends ThreadStrings, MoreStrings {}

/** The texts of a conversation. */
export interface ThreadStrings {
  /** The language as a BCP 47 tag: dates and numbers are written as in it. */
  readonly language: string;
  readonly direction: "ltr" | "rtl";
  readonly you: string;
  readonly answer: string;
  readonly tool: string;
  readonly system: string;
  readonly messages: string;
  readonly messageLabel: string;
  readonly messagePlaceholder: string;
  readonly keyHint: string;
  /** Both numbers are written for the language already. */
  readonly tooLong: (length: string, most: string) => string;
  readonly send: string;
  readonly stop: string;
  readonly stopping: string;
  readonly copy: string;
  readonly copyCode: string;
  readonly copied: string;
  readonly copyFailed: string;
  readonly plainCode: string;
  readonly table: string;
  readonly code: string;
  readonly sources: string;
  readonly source: (number: number, place: string) => string;
  readonly selectedText: string;
  readonly dropSelectedText: string;
  readonly reasoning: string;
  readonly toolUsed: (name: string) => string;
  readonly toolFailed: (name: string) => string;
  readonly queued: string;
  readonly sending: string;
  readonly notSent: string;
  readonly notSaved: string;
  readonly notSavedDetail: string;
  readonly retry: string;
  readonly edit: string;
  readonly versionBefore: string;
  readonly versionAfter: string;
  readonly regenerate: string;
  readonly continue: string;
  /** The question that a person asks with `continue`. */
  readonly continueText: string;
  readonly answerStopped: string;
  readonly answerInterrupted: string;
  readonly answerFailed: string;
  /** While words of an answer wait to be saved. */
  readonly waiting: string;
  readonly resuming: string;
  readonly offline: string;
  readonly forgetful: string;
  readonly loading: string;
  readonly historyFailed: string;
  readonly historyKept: string;
  readonly missing: string;
  readonly missingDetail: string;
  readonly loadOlder: string;
  readonly olderFailed: string;
  readonly loadNewer: string;
  readonly newerFailed: string;
  readonly jumpToLatest: string;
  readonly details: string;
  readonly detailsFailed: string;
  readonly conversations: string;
  readonly noConversations: string;
  readonly listFailed: string;
  readonly untitled: string;
  readonly clear: string;
  readonly clearDetail: string;
  readonly actionFailed: string;
  readonly close: string;
  readonly back: string;
  readonly welcome: string;
  readonly welcomeTo: (place: string) => string;
  readonly passageChanged: string;
  /** What the status node says at each boundary; `""` says nothing. */
  readonly outcomes: Readonly<Record<Outcome, string>>;
}

/** The texts of what is shown after a press: lists, a search, an answer's details, a question before deleting. */
export interface MoreStrings {
  readonly statusLabel: string;
  readonly statuses: Readonly<Record<MessageStatus, string>>;
  readonly model: string;
  readonly tokens: string;
  /** Both numbers are written for the language already. */
  readonly tokensUsed: (input: string, output: string) => string;
  readonly cost: string;
  readonly time: string;
  readonly recalled: string;
  readonly recalledNothing: string;
  readonly noArchived: string;
  readonly noDeleted: string;
  readonly loadMore: string;
  readonly running: string;
  readonly actionsFor: (title: string) => string;
  readonly rename: string;
  readonly titleLabel: string;
  readonly pin: string;
  readonly unpin: string;
  readonly archive: string;
  readonly unarchive: string;
  readonly archived: string;
  readonly exportMarkdown: string;
  readonly exportJson: string;
  readonly delete: string;

  readonly deleted: string;
  readonly deletedNamed: (title: string) => string;
  readonly undo: string;
  readonly restore: string;
  readonly search: string;
  readonly searchPlaceholder: string;
  readonly searchFailed: string;
  readonly searching: string;
  readonly noHits: (text: string) => string;
  readonly hits: (count: number) => string;
  readonly scopeOnly: string;
  readonly allScopes: string;
  readonly cancel: string;
  readonly pinned: string;
  readonly today: string;
  readonly yesterday: string;
  readonly lastWeek: string;
  readonly lastMonth: string;
}
