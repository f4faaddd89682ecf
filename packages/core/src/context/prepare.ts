import {
  type Answer,
  type Context,
  type ContextRecord,
  type Message,
  type ResponderRequest,
  type Summary,
  contentOf,
} from "@chatkeep/protocol";

import type { Contexts } from "./context.ts";
import type { Summaries } from "./summaries.ts";
import type { Titles } from "./titles.ts";

/** Gives a responder the context of its question. */
export interface Preparation {
  /** The request with its context. */
  build(request: ResponderRequest, latest: readonly Message[], summary: Summary | null): Promise<Prepared>;
  /** Gives what is done in the background `grace` milliseconds, aborts the rest, and resolves when nothing is left. */
  close(grace: number): Promise<void>;
}

/** A request with its context. */
export interface Prepared {
  readonly request: ResponderRequest;
  /** What is kept of the context, beside the turn. */
  readonly record: ContextRecord;
  /** Titles and sums up in the background, once the answer is complete. */
  followUp(answer: Answer): void;
}

export interface PreparationOptions {
  readonly contexts: Contexts;
  /** Default: nothing is summed up. */
  readonly summaries: Summaries | undefined;
  /** Default: titles stay those made from the first question. */
  readonly titles: Titles | undefined;
  /** Aborts what summaries and titles wait for. */
  readonly closing: AbortController;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** Builds the context when the responder is called, not before: the turn is there by then, so that it can be stopped meanwhile. */
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
      return {
        request: {
          ...request,
          history: context.messages.map(({ message }) => message).filter(({ id }) => id !== question.id),
          recalled: context.messages.flatMap(({ message, recalled }) => (recalled ? [message.seq] : [])),
          summary: context.summary,
        },
        record: recordOf(context),
        followUp({ parts }) {
          if (titles !== undefined && latest.length === 0) {
            inBackground(titles.make(owner, conversation.id, question, contentOf(parts)), turnId);
          }
          const first = context.messages.find(({ recalled }) => !recalled)?.message.seq;
          if (summaries !== undefined && first !== undefined) {
            inBackground(summaries.extend(owner, conversation.id, first), turnId);
          }
        },
      };
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
