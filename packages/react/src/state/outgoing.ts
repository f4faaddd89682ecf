import type { Asking, AskingOptions } from "./asking.ts";
import { online } from "./backoff.ts";
import { sentenceOf } from "./failure.ts";
import type { LiveTurn } from "./live.ts";
import { loadAsking } from "./load-asking.ts";
import type { Question } from "./question.ts";
import type { ThreadState } from "./thread-state.ts";

/** What a conversation sends, before and after the code that sends is loaded. */
export interface Outgoing {
  /** What sends; `undefined` until it was loaded. */
  asking(): Asking | undefined;
  /** Its turns; none until it was loaded. */
  turns(): readonly LiveTurn[];
  /** The same, loaded as soon as there is a network. Throws when it cannot be. */
  load(): Promise<Asking>;
  /** The questions as they are shown: the one that is sent as soon as this is loaded is on its way already. */
  questions(): readonly Question[];
  running(): ThreadState["running"];
  /** Sends what waits, and saves what was answered without being saved. */
  pump(): Promise<void>;
}

/** What {@link createOutgoing} takes. */
export interface OutgoingOptions extends AskingOptions {
  /** Aborted when the conversation is closed. */
  readonly signal: AbortSignal;
}

/** Loads and sends nothing by itself. */
export function createOutgoing(options: OutgoingOptions): Outgoing {
  const { questions, signal, onOutcome } = options;
  let asking: Asking | undefined;
  let loading: Promise<Asking> | undefined;

  const load = (): Promise<Asking> => {
    loading ??= online(signal)
      .then(loadAsking)
      .then(
        ({ createAsking }) => {
          signal.throwIfAborted();
          asking = createAsking(options);
          return asking;
        },
        (error: unknown) => {
          loading = undefined;
          throw error;
        },
      );
    return loading;
  };

  return {
    asking: () => asking,
    turns: () => asking?.turns() ?? [],
    load,
    questions() {
      const first = asking === undefined ? questions.first("queued") : undefined;
      if (first === undefined) return questions.list();
      return questions.list().map((one) => (one === first ? { ...one, delivery: "sending" } : one));
    },
    running() {
      const live = asking?.running();
      if (live !== undefined) {
        const { replyId, stopping, connection } = live;
        return { replyId, stopping, connection };
      }
      const sending = asking?.sending() ?? (questions.first("queued") === undefined ? "none" : "sending");
      if (sending === "none") return null;
      return { replyId: null, stopping: sending === "stopping", connection: "live" };
    },
    async pump() {
      const unsaved = questions.first("unsaved") !== undefined;
      if (asking === undefined && !unsaved && questions.first("queued") === undefined) return;
      try {
        const loaded = await load();
        if (unsaved) loaded.startReplay();
        await loaded.pump();
      } catch (error) {
        if (signal.aborted) return;
        for (const { id, delivery } of questions.list())
          if (delivery === "queued") questions.mark(id, { delivery: "failed", failure: sentenceOf(error) });
        onOutcome("not_sent");
      }
    },
  };
}
