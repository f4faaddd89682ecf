import {
  type AiSdkRequest,
  type ApiServices,
  type Route,
  aiSdkRequest,
  answerAiSdk,
  guestRoutes,
} from "@chatkeep/server/apis";

import { type WidgetQuestion, answerWidget, widgetAnswer, widgetQuestion } from "./book-widget.ts";

/** `POST /api/chat`: the address of the book widget and of the AI SDK. */
export function chatRoute(services: ApiServices): Route {
  return guestRoutes("Book widget and AI SDK")("POST /api/chat", {
    id: "chat",
    summary: "Ask as a book widget, or as `useChat` of the AI SDK",
    description:
      "The body decides: a widget's `message` is a string and is answered with JSON; `useChat` gets a stream.",
    body: widgetQuestion.or(aiSdkRequest),
    lastOf: "messages",
    replies: {
      200: {
        description: "The answer to a widget, or the stream of an answer.",
        json: widgetAnswer,
        text: { "text/event-stream": "The AI SDK's UI message stream." },
      },
    },
    errors: ["conflict", "turn_in_progress", "idempotency_mismatch"],
    rateLimit: "after-deduplication",
    handle: async ({ body, ...call }) =>
      typeof body.message === "string"
        ? answerWidget(services.history, call, body as WidgetQuestion)
        : answerAiSdk(services, { ...call, ...(await call.identify()) }, body as AiSdkRequest),
  });
}
