import type {
  Context,
  ContextRecord,
  Message,
  Responder,
  ResponderRequest,
  Summary,
} from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { ownerId } from "../owners.ts";
import type { Contexts } from "./context.ts";
import type { Summaries } from "./summaries.ts";
import type { Titles } from "./titles.ts";

/** Gives a responder the context of its question. */
export interface Preparation {
  /** The same responder, given the context instead of the bare latest messages. */
  prepare(responder: Responder, latest: readonly Message[], summary: Summary | null): Responder;
  /** Gives what is done in the background `grace` milliseconds, aborts the rest, and resolves when nothing is left. */
  close(grace: number): Promise<void>;
}

/** What {@link createPreparation} takes. */
export interface PreparationOptions {
  readonly database: Database;
  readonly contexts: Contexts;
  /** Default: nothing is summed up. */
  readonly summaries: Summaries | undefined;
  /** Default: titles stay those made from the first question. */
  readonly titles: Titles | undefined;
  /** Aborts what summaries and titles wait for. */
  readonly closing: AbortController;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** Milliseconds after which it is recorded what a responder was given: a model mostly still thinks then. */
const RECORD_AFTER = 100;

/**
 * Builds the context when the responder is called, not before: the turn is there by then, so that it can
 * be stopped meanwhile. What was given is recorded beside the turn a little later.
 */
export function createPreparation(options: PreparationOptions): Preparation {
  const { database, contexts, summaries, titles, closing, onError } = options;
  const pending = new Set<Promise<void>>();
  const inBackground = (work: Promise<unknown>, turnId: string): void => {
    const done: Promise<void> = work
      .then(
        () => undefined,
        (error: unknown) => onError(error, turnId),
      )
      .finally(() => pending.delete(done));
    pending.add(done);
  };

  return {
    prepare: (responder, latest, summary) =>
      async function* respond(request) {
        const { owner, conversation, turnId, question } = request;
        // Results belong to the turn whose calls they answer, and nothing is recalled for them.
        const isResult = question.role === "tool";
        const material = {
          owner,
          conversationId: conversation.id,
          latest: isResult ? [...latest, question] : latest,
          summary,
        };
        const context = await contexts
          .build({ ...material, question: isResult ? undefined : question.content })
          // A database that cannot recall just now costs the answer what is old, not the answer.
          .catch((error: unknown) => {
            onError(error, turnId);
            return contexts.build({ ...material, question: undefined });
          });
        let isRecorded = false;
        const record = (): void => {
          if (isRecorded) return;
          isRecorded = true;
          clearTimeout(late);
          const recorded = recordOf(context);
          const place = { owner: ownerId(owner), turn_id: turnId };
          inBackground(database.call("record_context", { ...place, context: recorded }), turnId);
        };
        const given: ResponderRequest = {
          ...request,
          history: context.messages.map(({ message }) => message).filter(({ id }) => id !== question.id),
          recalled: context.messages.flatMap(({ message, recalled }) => (recalled ? [message.seq] : [])),
          summary: context.summary,
        };
        let answer = "";
        // Somebody waits for the first words: a quick model's are not to meet this on their way.
        const late = setTimeout(record, RECORD_AFTER);
        request.signal.addEventListener("abort", record, { once: true });
        try {
          for await (const event of responder(given)) {
            if (typeof event === "string") answer += event;
            else if (event.type === "text") answer += event.text;
            yield event;
          }
        } finally {
          request.signal.removeEventListener("abort", record);
          record();
        }
        if (titles !== undefined && latest.length === 0) {
          inBackground(titles.make(owner, conversation.id, question, answer), turnId);
        }
        const first = context.messages.find(({ recalled }) => !recalled)?.message.seq;
        if (summaries !== undefined && first !== undefined) {
          inBackground(summaries.extend(owner, conversation.id, first), turnId);
        }
      },
    async close(grace) {
      const timer = setTimeout(() => closing.abort(), grace);
      await Promise.all(pending);
      clearTimeout(timer);
      closing.abort();
    },
  };
}

function recordOf({ messages, summary, tokens, tokenBudget }: Context): ContextRecord {
  const numbers = (recalled: boolean): number[] =>
    messages.flatMap((one) => (one.recalled === recalled ? [one.message.seq] : []));
  return {
    latest: numbers(false),
    recalled: numbers(true),
    summary: summary === null ? null : { fromSeq: summary.fromSeq, toSeq: summary.toSeq },
    tokens,
    tokenBudget,
  };
}
