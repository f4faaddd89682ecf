import type { History } from "../history.ts";
import { type WireQueuedQuestion, queuedQuestionFromWire } from "../wire/turn.ts";
import { conversationPath, segment } from "./paths.ts";
import type { Requests } from "./requests.ts";

/** The methods on questions that wait. */
export function queueCalls({
  send,
  json,
}: Requests): Pick<History, "listQueuedQuestions" | "deleteQueuedQuestion"> {
  return {
    async listQueuedQuestions(owner, id) {
      const { questions } = await json<{ questions: WireQueuedQuestion[] }>(
        owner,
        "GET",
        `${conversationPath(id)}/queue`,
      );
      return questions.map(queuedQuestionFromWire);
    },

    async deleteQueuedQuestion(owner, id, messageId) {
      await send(owner, "DELETE", `${conversationPath(id)}/queue/${segment(messageId)}`);
    },
  };
}
