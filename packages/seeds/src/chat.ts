import {
  type AiSdkRequest,
  type ApiServices,
  type Route,
  aiSdkRequest,
  answerAiSdk,
  guestRoute,
} from "@chatkeep/server/apis";

import { type WidgetQuestion, answerWidget, widgetAnswer, widgetQuestion } from "./book-widget.ts";

/** `POST /api/chat`: the address of the book widget and of the AI SDK, told apart by shape. */
export function chatRoute(services: ApiServices): Route {
  return guestRoute<undefined, WidgetQuestion | AiSdkRequest>({
    id: "chat",
    method: "POST",
    path: "/api/chat",
    tag: "Book widget and AI SDK",
    summary: "Ask as a book widget, or as `useChat` of the AI SDK",
    description:
      "The body decides: a widget's `message` is a string and is answered with JSON; `useChat` gets a stream.",
    body: widgetQuestion.or(aiSdkRequest),
    replies: {
      200: {
        description: "The answer to a widget, or the stream of an answer.",
        json: widgetAnswer,
        text: { "text/event-stream": "The AI SDK's UI message stream." },
      },
    },
    errors: ["conflict", "turn_in_progress", "idempotency_mismatch"],
    rateLimit: "after-deduplication",
    handle: async ({ body, identify, ...call }) =>
      typeof body.message === "string"
        ? answerWidget(services.history, { ...call, identify }, body as WidgetQuestion)
        : answerAiSdk(services, { ...call, ...(await identify()) }, body as AiSdkRequest),
  });
}
