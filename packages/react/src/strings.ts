/** Every text that the components show, as a table, so that it can be given in another language. */
export interface Strings {
  readonly you: string;
  readonly answer: string;
  readonly tool: string;
  readonly messages: string;
  readonly messageLabel: string;
  readonly messagePlaceholder: string;
  readonly keyHint: string;
  readonly tooLong: (length: number, most: number) => string;
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
  readonly reasoning: string;
  readonly toolUsed: (name: string) => string;
  readonly queued: string;
  readonly sending: string;
  readonly notSent: string;
  readonly notSaved: string;
  readonly notSavedDetail: string;
  readonly retry: string;
  readonly edit: string;
  readonly askAgain: string;
  readonly answerStopped: string;
  readonly answerInterrupted: string;
  readonly answerFailed: string;
  readonly resuming: string;
  readonly loading: string;
  readonly historyFailed: string;
  readonly historyKept: string;
  readonly missing: string;
  readonly missingDetail: string;
  readonly loadOlder: string;
  readonly olderFailed: string;
  readonly jumpToLatest: string;
  readonly conversations: string;
  readonly noConversations: string;
  readonly listFailed: string;
  readonly loadMore: string;
  readonly untitled: string;
  readonly running: string;
  readonly deleteNamed: (title: string) => string;
  readonly cancel: string;
  readonly pinned: string;
  readonly today: string;
  readonly yesterday: string;
  readonly lastWeek: string;
  readonly lastMonth: string;
  /** What the status node says at each boundary; `""` says nothing. */
  readonly outcomes: Readonly<
    Record<"none" | "generating" | "complete" | "stopped" | "interrupted" | "failed" | "not_sent", string>
  >;
}

/** The texts in English; the default. */
export const ENGLISH: Strings = {
  you: "You",
  answer: "Answer",
  tool: "Tool",
  messages: "Messages",
  messageLabel: "Your question",
  messagePlaceholder: "Ask a question",
  keyHint: "Enter sends, Shift + Enter starts a new line",
  tooLong: (length, most) =>
    `${length.toLocaleString("en")} of at most ${most.toLocaleString("en")} characters`,
  send: "Send",
  stop: "Stop",
  stopping: "Stopping…",
  copy: "Copy answer",
  copyCode: "Copy code",
  copied: "Copied",
  copyFailed: "Not copied",
  plainCode: "Text",
  table: "Table",
  code: "Code",
  sources: "Sources",
  source: (number, place) => `Source ${number}: ${place}`,
  selectedText: "Selected text",
  reasoning: "Reasoning",
  toolUsed: (name) => `Used ${name}`,
  queued: "Sent when this answer is finished",
  sending: "Sending…",
  notSent: "Not sent",
  notSaved: "Not saved",
  notSavedDetail:
    "The server cannot save at the moment. This exchange is kept here and saved as soon as it can.",
  retry: "Retry",
  edit: "Edit",
  askAgain: "Ask again",
  answerStopped: "Stopped",
  answerInterrupted: "The answer was cut off before its end.",
  answerFailed: "The answer failed.",
  resuming: "Connection lost. Resuming…",
  loading: "Loading the conversation",
  historyFailed: "This conversation could not be loaded",
  historyKept: "Nothing of it is lost.",
  missing: "This conversation is not here",
  missingDetail: "It was deleted, or it belongs to another browser.",
  loadOlder: "Load earlier messages",
  olderFailed: "Earlier messages could not be loaded.",
  jumpToLatest: "Jump to latest",
  conversations: "Conversations",
  noConversations: "Your conversations will be kept here.",
  listFailed: "Your conversations could not be loaded.",
  loadMore: "Show more",
  untitled: "New conversation",
  running: "Answering",
  deleteNamed: (title) => `Delete “${title}”`,
  cancel: "Cancel",
  pinned: "Pinned",
  today: "Today",
  yesterday: "Yesterday",
  lastWeek: "Previous 7 days",
  lastMonth: "Previous 30 days",
  outcomes: {
    none: "",
    generating: "Generating",
    complete: "Answer ready",
    stopped: "Stopped",
    interrupted: "The answer was cut off",
    failed: "The answer failed",
    not_sent: "Not sent",
  },
};
