import { brand } from "./brand.ts";
import type { Citation } from "./citation.ts";
import type { Summary } from "./context.ts";
import type { Conversation } from "./conversation.ts";
import type { Json } from "./json.ts";
import type { Failure, Message, Usage } from "./message.ts";
import type { Owner } from "./owner.ts";

/** What a responder is given. */
export interface ResponderRequest {
  readonly owner: Owner;
  readonly conversation: Conversation;
  readonly turnId: string;
  /**
   * The current question; it is not in `history`. Of the role `tool` it holds results of calls that the client
   * was left to make, and `history` ends with the answer that made them: go on with it.
   */
  readonly question: Message;
  /** Earlier messages of this conversation that are worth sending, oldest first, whole turns only. */
  readonly history: readonly Message[];
  /** The `seq` of those of `history` that are older than the latest turns and were recalled for the question. */
  readonly recalled: readonly number[];
  /** Of what is older than the latest turns; `null` when there is none. */
  readonly summary: Summary | null;
  /** Aborted when a person stops the turn, when it times out, or when the node goes down. */
  readonly signal: AbortSignal;
}

/** A piece of an answer. A bare string is text. */
export type ResponderEvent =
  | string
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "citation"; readonly citation: Citation }
  | { readonly type: "tool-call"; readonly id: string; readonly name: string; readonly arguments: string }
  /** A piece of the arguments of a call that is still being written; a `tool-call` with the whole ends it. */
  | { readonly type: "tool-call-delta"; readonly id: string; readonly name: string; readonly delta: string }
  | { readonly type: "tool-result"; readonly id: string; readonly result: Json; readonly error?: boolean }
  | { readonly type: "file"; readonly url: string; readonly mime: string }
  | { readonly type: "data"; readonly name: string; readonly data: Json; readonly id?: string }
  | { readonly type: "model"; readonly model: string; readonly usage?: Usage }
  | { readonly type: "intent"; readonly intent: string; readonly processed: boolean };

/**
 * The function that answers: the host's model call, or a built-in one. It is called once a turn, after
 * the question is committed. What it yields is stored before it is shown. When it throws, the turn is
 * `failed` with the text so far; throw a {@link ResponderError} to say why in words for a person.
 */
export type Responder = (request: ResponderRequest) => AsyncIterable<ResponderEvent>;

/** On the prototype of every copy's class, as that of `ChatkeepError`. */
const BRAND = Symbol.for("chatkeep.responder-error");

/** A failure of an answer that a person is told about in the responder's own words. */
export class ResponderError extends Error {
  static {
    brand(this, BRAND);
  }
  override readonly name = "ResponderError";
  readonly failure: Failure;
  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.detail, options);
    this.failure = failure;
  }
}
