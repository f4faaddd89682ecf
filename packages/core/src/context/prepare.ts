import type { Context, ContextRecord, Message, ResponderRequest, Summary } from "@chatkeep/protocol";

import type { Contexts } from "./context.ts";
import type { Summaries } from "./summaries.ts";
import type { Titles } from "./titles.ts";

/** Builds the request of a responder. */
export interface Preparation {
  /** Builds the request with its context. */
  build(request: ResponderRequest, latest: readonly Message[], summary: Summary | null): Promise<Prepared>;
  /** Resolves when the background work so far has ended. */
  done(): Promise<void>;
  /** Waits `grace` milliseconds for background work, then aborts it. Resolves when none is left. */
  close(grace: number): Promise<void>;
}

/** A request with its context. */
export interface Prepared {
  readonly request: ResponderRequest;
  /** The record of the context, stored with the turn. */
  readonly record: ContextRecord;
  /** Generates title and summary in the background, once the answer is complete. */
  followUp(): void;
}

/** The conversation's length up to which a title that was lost with its node, or that failed, is generated again. */
const UNTITLED = 20;

export interface PreparationOptions {
  readonly contexts: Contexts;
  /** Default: no summaries. */
  readonly summaries: Summaries | undefined;
  /** Default: the first question is the title. */
  readonly titles: Titles | undefined;
  /** Aborts summaries and titles. */
  readonly closing: AbortController;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** Builds the context when the responder is called: the turn exists by then, so it can be stopped meanwhile. */
export function createPreparation(options: PreparationOptions): Preparation {
  const { contexts, summaries, titles, closing, onError } = options;
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
    async build(request, latest, summary) {
      const { owner, conversation, turnId, question } = request;
      // Tool results continue a turn: nothing is recalled for them.
      const isResult = question.role === "tool";
      const material = {
        owner,
        conversationId: conversation.id,
        latest: isResult ? [...latest, question] : latest,
        summary,
      };
      const context = await contexts
        .build({ ...material, question: isResult ? undefined : question.content })
        // If recall fails, the answer goes without older turns.
        .catch((error: unknown) => {
          onError(error, turnId);
          return contexts.build({ ...material, question: undefined });
        });
      return {
        request: {
          ...request,
          history: context.messages.map(({ message }) => message).filter(({ id }) => id !== question.id),
          recalled: context.messages.flatMap(({ message, recalled }) => (recalled ? [message.seq] : [])),
          summary: context.summary,
        },
        // Counts tokens, which the call of the model need not wait for.
        get record() {
          return recordOf(context);
        },
        followUp() {
          if (titles !== undefined && latest.length < UNTITLED) {
            inBackground(titles.make(owner, conversation.id), turnId);
          }
          const first = context.messages.find(({ recalled }) => !recalled)?.message.seq;
          if (summaries !== undefined && first !== undefined) {
            inBackground(summaries.extend(owner, conversation.id, first), turnId);
          }
        },
      };
    },
    done: async () => void (await Promise.all(pending)),
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
