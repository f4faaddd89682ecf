import {
  type ApprovalPart,
  DENIED,
  type ResponderRequest,
  type ToolCallPart,
  type ToolResultPart,
  pairCalls,
} from "@chatkeep/protocol";

/** A call that a person approved or denied. */
export interface AnsweredCall {
  readonly call: ToolCallPart;
  readonly approval: ApprovalPart;
}

/** The calls whose approval the question answers and that have no result yet. A provider makes its own calls. */
export function answeredCalls({
  history,
  question,
  answer,
}: Pick<ResponderRequest, "history" | "question" | "answer">): AnsweredCall[] {
  if (question.role !== "tool") return [];
  const { of } = pairCalls([...history, question, { role: "assistant", parts: answer }]);
  return question.parts.flatMap((approval) => {
    const paired = approval.type === "approval" ? of.get(approval) : undefined;
    if (paired === undefined || paired.result !== undefined || paired.call.executor === "provider") return [];
    return [{ call: paired.call, approval: approval as ApprovalPart }];
  });
}

/** The result of a call that a person denied. */
export function deniedResult({ call, approval: { reason } }: AnsweredCall): ToolResultPart {
  return { type: "tool-result", id: call.id, result: reason ?? DENIED, error: true, denied: true };
}
