import { type Route, guestRoute } from "../route.ts";
import { type AiSdkOptions, type AiSdkRequest, aiSdkRequest, answerAiSdk } from "./ai-sdk.ts";
import { type WidgetQuestion, answerWidget, widgetAnswer, widgetQuestion } from "./book-widget.ts";

/**
 * `POST /api/chat`, the address of two doors: a book widget's (seed 1) and the AI SDK's. They are told apart
 * by shape: the widget's `message` is a string.
 */
export function chatRoute(options: AiSdkOptions): Route {
  return guestRoute<undefined, WidgetQuestion | AiSdkRequest>({
    id: "chat",
    method: "POST",
    path: "/api/chat",
    tag: "Door: /api/chat",
    summary: "Ask as a book widget, or as `useChat` of the AI SDK",
    description:
      "Told apart by shape: a widget's `message` is a string and is answered with JSON; `useChat` gets a stream.",
    body: widgetQuestion.or(aiSdkRequest),
    replies: {
      200: {
        description: "A widget's answer, or the stream of an answer.",
        json: widgetAnswer,
        text: { "text/event-stream": "The AI SDK's UI message stream." },
      },
    },
    errors: ["conflict", "turn_in_progress", "idempotency_mismatch"],
    limited: "when its messages are known",
    handle: ({ body, ...call }) =>
      typeof body.message === "string"
        ? answerWidget(options.history, call, body as WidgetQuestion)
        : answerAiSdk(options, call, body as AiSdkRequest),
  });
}
