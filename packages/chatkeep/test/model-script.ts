import type { ModelBody, ModelReply, ModelRequest } from "@chatkeep/testing";

/** An answer of the fake model, which a test leads. */
export interface LedAnswer {
  readonly request: ModelRequest;
  say(text: string): void;
  /** Says the last words, if any, and ends the answer. */
  end(text?: string): void;
}

/** The answers of a fake model; see {@link createScript}. */
export interface Script {
  readonly reply: (request: ModelRequest) => ModelReply;
  /** The next answer to this question, as soon as the model is asked. */
  answer(question: string): Promise<LedAnswer>;
}

/** Lets a test say each word of each answer. */
export function createScript(): Script {
  const asked = new Map<string, LedAnswer[]>();
  const waiting = new Map<string, ((answer: LedAnswer) => void)[]>();
  return {
    reply(request) {
      const words = new ReadableStream<string>({
        start(controller) {
          const answer: LedAnswer = {
            request,
            say: (text) => controller.enqueue(text),
            end(text) {
              if (text !== undefined) controller.enqueue(text);
              controller.close();
            },
          };
          const question = questionOf(request.body);
          const resolve = waiting.get(question)?.shift();
          if (resolve === undefined) asked.set(question, [...(asked.get(question) ?? []), answer]);
          else resolve(answer);
        },
      });
      return { steps: words };
    },
    answer(question) {
      const there = asked.get(question)?.shift();
      if (there !== undefined) return Promise.resolve(there);
      const { promise, resolve } = Promise.withResolvers<LedAnswer>();
      waiting.set(question, [...(waiting.get(question) ?? []), resolve]);
      return promise;
    },
  };
}

function questionOf({ messages }: ModelBody): string {
  const content = messages.findLast(({ role }) => role === "user")?.content;
  if (typeof content === "string") return content;
  return (content as { text?: string }[]).map(({ text = "" }) => text).join("");
}
