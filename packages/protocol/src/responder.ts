import { brand } from "./brand.ts";
import type { Summary } from "./context.ts";
import type { Conversation } from "./conversation.ts";
import type { Failure, Message, Usage } from "./message.ts";
import type { Owner } from "./owner.ts";
import type { Attached, Part, ToolCallPart } from "./part.ts";

/** The input of a responder. */
export interface ResponderRequest {
  readonly owner: Owner;
  readonly conversation: Conversation;
  readonly turnId: string;
  /**
   * The current question, not part of `history`. With the role `tool` it holds results of calls left to the client;
   * `history` then ends with the answer that made the calls, and the responder continues it.
   */
  readonly question: Message;
  /** Earlier messages of this branch that fit the token budget, oldest first, whole turns only. */
  readonly history: readonly Message[];
  /** The `seq` of messages in `history` that are older than the latest turns and were recalled for this question. */
  readonly recalled: readonly number[];
  /** A summary of what is older than the latest turns; `null` when there is none. */
  readonly summary: Summary | null;
  /**
   * What was committed of this answer before, in order, with the results of tools: by earlier attempts, and by the answer
   * that a person asks to continue. Empty when it begins. It was shown and does not change. What the responder yields follows it: text that is yielded first goes on in the last
   * part, if that is text. Calls without a result were cut off, and their outcome is not known.
   */
  readonly answer: readonly Part[];
  /** 1, and one more each time that the node of the attempt before died or ended. Above 1 only if the responder `continues`. */
  readonly attempt: number;
  /**
   * Resolves when everything that was yielded so far is stored; call it before an effect that must not happen twice.
   * Rejects with the signal's reason when the turn has ended or is run elsewhere. Resolves at once if the answer is not
   * being saved.
   */
  committed(): Promise<void>;
  /**
   * Aborted when a person sends a question with `whenBusy: "steer"`. A responder that heeds it ends its answer at the next
   * good place, such as after the results of its tools. The question is then asked at once, with this answer in its
   * history. If a responder ignores the signal, the question waits for the end.
   */
  readonly steered: AbortSignal;
  /** Aborted when a person stops the turn, when it times out, or when the node shuts down. */
  readonly signal: AbortSignal;
}

/** A piece of an answer: a part of it, or what only a stream has. A bare string is text. */
export type ResponderEvent =
  | string
  | TextEvent
  | Exclude<Part, { readonly type: "text" | "reasoning" | "data" }>
  /** A piece of a call's arguments while the model writes them. The complete `tool-call` follows. */
  | (Omit<ToolCallPart, "type" | "arguments"> & { readonly type: "tool-call-delta"; readonly delta: string })
  | (Extract<Part, { readonly type: "data" }> & {
      /** Whether it is shown live and not stored with the answer. */
      readonly transient?: boolean;
    })
  | { readonly type: "model"; readonly model: string; readonly usage?: Usage }
  | { readonly type: "intent"; readonly intent: string; readonly processed: boolean };

/**
 * A piece of a text. Pieces without an `id` make one block until another event. Pieces with an `id` make the block of
 * that id until one is `done`, a step begins or the answer ends.
 */
export interface TextEvent extends Attached {
  readonly type: "text" | "reasoning";
  readonly text: string;
  readonly id?: string;
  readonly done?: boolean;
}

/**
 * What a responder returns: its own events, or the stream of its AI library. A stream is known by the shape of its items,
 * so the version of the library does not matter. `readAnswer` of `@chatkeep/core` reads other iterables of such items (AG-UI's
 * events, TanStack AI's `chat`), and any stream for a responder that yields events of its own besides.
 */
export type AnswerStream =
  | AsyncIterable<ResponderEvent>
  /** The AI SDK's UI message stream, and the streams of LangChain and LangGraph. */
  | ReadableStream<unknown>
  /** The result of the AI SDK's `streamText` and its agents, and of a Mastra agent. */
  | { readonly fullStream: AsyncIterable<unknown> }
  /** `openai.responses.create` and `openai.chat.completions.create` with `stream: true`. */
  | (AsyncIterable<unknown> & { toReadableStream(): unknown })
  /** An observable of RxJS, such as an AG-UI agent's `run()`. */
  | { subscribe(observer: never): { unsubscribe(): void } }
  /** Server-sent events of any of these, or text. */
  | Response
  /** The whole answer. */
  | string;

/**
 * The function that answers: the host's model call, or a built-in one. It is called once per turn, after the question
 * is committed. Everything it yields is stored before it is shown. When it throws, the turn is `failed` and keeps its
 * text so far; throw a {@link ResponderError} to show the person a reason.
 */
export interface Responder<Answer = AnswerStream | Promise<AnswerStream>> {
  (request: ResponderRequest): Answer;
  /**
   * Whether it can go on with an answer that an earlier attempt began (`request.answer`). Then a turn whose node dies or
   * is shut down is continued by another; else it is `interrupted`. Default `false`.
   */
  readonly continues?: boolean;
}

/** A responder that yields events, as the built-in ones do: another responder can change them. */
export type EventResponder = Responder<AsyncIterable<ResponderEvent>>;

/** On the prototype of every copy's class, as that of `ChatkeepError`. */
const BRAND = Symbol.for("chatkeep.responder-error");

/** A responder's error whose detail is shown to the person. */
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
