import { type PairedCall, pairCalls, waitingCalls } from "../calls.ts";
import { type Message, continuesAnswer } from "../message.ts";
import type { Part } from "../part.ts";
import type { Question } from "../turn.ts";
import { type UiPart, isSame, partsFromUi } from "./ui-parts.ts";

/** The question that continues an answer. */
type Continuation = Question & {
  readonly id: string;
  readonly role: "tool";
  readonly parts: readonly Part[];
};

/**
 * Reads what a page tells with a message of an assistant: results of tools that it ran and approvals that a person
 * answered, of stored calls that wait for them. Everything else in it is what we said. `messages` are the latest that are
 * stored. A message that ends as the answer does asks to go on with it, as `sendMessage()` does. `undefined` when it
 * brings nothing; a retry brings what is stored already.
 */
export function resultsFromUiMessage(
  parts: readonly UiPart[],
  messages: readonly Message[],
): Continuation | undefined {
  const { of } = pairCalls([{ role: "assistant", parts: partsFromUi(parts, "assistant") }]);
  const told = [...new Set(of.values())];
  // A model may number its calls anew in each step: an open call is the last one with its id.
  const fresh = pairCalls(messages).open.flatMap((paired) => {
    const part = answerTo(
      paired,
      told.findLast(({ call }) => call.id === paired.call.id),
    );
    return part === undefined ? [] : [{ call: paired.call, part }];
  });
  const answer = messages.findLast(({ role }) => role === "assistant");
  const [first] = fresh;
  // Each call is answered once, so its place can name the results.
  if (first !== undefined && answer !== undefined) {
    const id = `${answer.id}.results.${answer.parts.indexOf(first.call)}`;
    return { id, role: "tool", parts: fresh.map(({ part }) => part) };
  }
  const last = messages.findLast(({ role }) => role === "user" || role === "tool");
  const isTold = (part: Part): boolean =>
    part.type === "step" ||
    told.some(
      ({ result, approval }) =>
        (part.type === "tool-result" && part.id === result?.id && isSame(part.result, result.result)) ||
        (part.type === "approval" && part.id === approval?.id && part.approved === approval.approved),
    );
  const isRetry = last?.role === "tool" && last.parts.every(isTold);
  if (answer !== undefined && answer === messages.at(-1) && asksForMore(answer, messages, parts, last))
    return { id: `${answer.id}.more`, role: "tool", parts: [{ type: "step" }] };
  return isRetry ? { id: last.id, role: "tool", parts: last.parts } : undefined;
}

/** Whether a page that shows an answer to its end asks to go on with it. One that stopped it has read no further. */
function asksForMore(
  answer: Message,
  messages: readonly Message[],
  parts: readonly UiPart[],
  question: Message | undefined,
): boolean {
  if (answer.status === "streaming" || (answer.status === "complete" && waitingCalls(messages).length > 0))
    return false;
  // A retry of the results that an answer without words followed.
  if (!answer.parts.some(isSaid) && question?.parts.some(({ type }) => type !== "step")) return false;
  const told = partsFromUi(parts, "assistant").findLast(isSaid);
  const said = answerSoFarOf(messages)
    .flatMap((message) => message.parts)
    .findLast(isSaid);
  if (told?.type === "text" && said?.type === "text") return said.text.startsWith(told.text);
  if (told?.type === "tool-result" && said?.type === "tool-result") return told.id === said.id;
  return told !== undefined && told.type === said?.type;
}

function isSaid({ type }: Part): boolean {
  return type === "text" || type === "reasoning" || type === "tool-call" || type === "tool-result";
}

/** What a page's call brings for an open one. */
function answerTo({ request, approval }: PairedCall, told: PairedCall | undefined): Part | undefined {
  const result = told?.result;
  if (result !== undefined && result.preliminary !== true && result.denied !== true) return result;
  const answered = told?.approval;
  return approval === undefined && answered?.id === request?.id ? answered : undefined;
}

/** The messages at the end of a list that a page shows as one message with the answer that follows. */
export function answerSoFarOf(messages: readonly Message[]): readonly Message[] {
  return messages.slice(
    messages.findLastIndex(
      (message, index) => message.role === "assistant" && !continuesAnswer(message, messages[index - 1]),
    ),
  );
}
