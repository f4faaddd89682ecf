import type { Answer, MessagePage, Part, Turn } from "@chatkeep/protocol";

import type { Connection } from "./follow.ts";
import type { KeptQuestion, LiveTurn, Question } from "./model.ts";
import type { Read, Side, Wanted } from "./read.ts";

/** What is asked for, by a person or the page. */
type Request =
  | { readonly type: "open" }
  | {
      readonly type: "ask";
      readonly id: string;
      readonly text: string;
      readonly contextText: string | null;
      readonly parts: readonly Part[];
    }
  | { readonly type: "edit"; readonly id: string; readonly questionId: string; readonly text: string }
  | { readonly type: "continue"; readonly id: string; readonly replyId: string; readonly text: string }
  | { readonly type: "retry"; readonly questionId: string }
  | { readonly type: "stop" }
  | { readonly type: "load"; readonly side: Side }
  | { readonly type: "go-to"; readonly seq: number }
  | { readonly type: "to-latest" };

/** What an effect tells of its end, or on its way. */
type Report =
  /** The scope's conversation was looked for: it is this one, or there is none. */
  | { readonly type: "found"; readonly exists: boolean }
  | { readonly type: "created" }
  | { readonly type: "read"; readonly read: Read }
  | { readonly type: "read-failed"; readonly kind: "gone" | "passing" | "final"; readonly failure: string }
  | { readonly type: "side-read"; readonly side: Side; readonly edge: number; readonly page: MessagePage }
  | { readonly type: "side-failed"; readonly side: Side; readonly kind: "passing" | "final" }
  | { readonly type: "turn-found"; readonly turn: Turn | null }
  /** With `attempt`, only if no other reading has ended since. */
  | { readonly type: "waited"; readonly for: "reading" | "busy" | Side; readonly attempt?: number }
  | { readonly type: "started"; readonly questionId: string; readonly turn: Turn }
  /** A stored question is answered again. */
  | { readonly type: "regenerating"; readonly turn: Turn }
  | { readonly type: "busy"; readonly questionId: string }
  /** Another tab has sent it, given it up, or taken it back: what the browser keeps now. */
  | { readonly type: "not-kept"; readonly questionId: string; readonly questions: readonly KeptQuestion[] }
  | { readonly type: "not-sent"; readonly questionId: string; readonly failure: string }
  | { readonly type: "progress"; readonly turnId: string; readonly answer: Answer }
  | { readonly type: "connection"; readonly turnId: string; readonly connection: Connection }
  | { readonly type: "ended"; readonly turnId: string; readonly answer: Answer }
  | { readonly type: "stop-failed"; readonly turnId: string }
  /** An answer that was shown unsaved is saved now. */
  | { readonly type: "saved"; readonly questionId: string }
  /** It cannot be saved as it was shown: the question is asked anew. */
  | { readonly type: "reask"; readonly questionId: string }
  | { readonly type: "refused"; readonly questionId: string; readonly failure: string }
  | { readonly type: "cleared" }
  /** What the browser keeps now; another tab has kept a question or let go of one. */
  | { readonly type: "kept"; readonly questions: readonly KeptQuestion[]; readonly letGo: boolean };

/** All that can happen to a conversation in a page. */
export type ThreadEvent = Request | Report;

/** What is to be done, as data; see `createEffects`. */
export type Effect =
  | { readonly type: "find"; readonly scope: string }
  | { readonly type: "read"; readonly wanted: Wanted }
  | { readonly type: "read-side"; readonly side: Side; readonly edge: number }
  | { readonly type: "look-up"; readonly turnId: string }
  | { readonly type: "wait"; readonly for: "reading" | "busy" | Side; readonly attempt: number }
  | { readonly type: "keep"; readonly question: KeptQuestion }
  | { readonly type: "let-go"; readonly questionId: string }
  | { readonly type: "send"; readonly question: Question }
  | { readonly type: "follow"; readonly turn: LiveTurn }
  | { readonly type: "stop"; readonly turnId: string }
  /** Saves what was shown unsaved, trying until it is. */
  | { readonly type: "save" }
  /** Reads the conversation anew for the lists that it stands in. */
  | { readonly type: "report-activity" };
