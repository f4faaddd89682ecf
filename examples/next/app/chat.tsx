"use client";

import { type UIMessage, useChat } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import { type ReactNode, useState } from "react";

interface ChatProps {
  readonly id: string;
  /** The stored messages. */
  readonly messages: UIMessage[];
}

/** `useChat` as it comes; `resume` follows an answer that is still being given, or was finished since the page was loaded. */
export function Chat({ id, messages: stored }: ChatProps): ReactNode {
  const [transport] = useState(
    () =>
      new DefaultChatTransport({
        prepareReconnectToStreamRequest: ({ api, id: chat }) => ({
          api: `${api}/${chat}/stream?after=${stored.at(-1)?.id ?? ""}`,
        }),
      }),
  );
  const { messages, sendMessage, regenerate, stop, status, error } = useChat({
    id,
    messages: stored,
    transport,
    resume: true,
  });
  const [edited, setEdited] = useState<string>();
  const isRunning = status === "submitted" || status === "streaming";

  const send = (form: FormData): void => {
    void sendMessage({
      text: form.get("text") as string,
      ...(edited === undefined ? {} : { messageId: edited }),
    });
    setEdited(undefined);
  };
  const stopAnswer = async (): Promise<void> => {
    // Leaving the stream stops nothing.
    await fetch(`/api/chat/${id}/stop`, { method: "POST" });
    await stop();
  };

  return (
    <>
      <ol>
        {messages.map(({ id: messageId, role, parts }) => (
          <li key={messageId} className={role}>
            <p>{parts.map((part) => (part.type === "text" ? part.text : ""))}</p>
            {role === "user" && <button onClick={() => setEdited(messageId)}>Edit</button>}
            {role === "assistant" && (
              <button onClick={() => void regenerate({ messageId })}>Answer again</button>
            )}
          </li>
        ))}
      </ol>
      {error !== undefined && <p role="alert">{error.message}</p>}
      <form action={send}>
        <input
          name="text"
          aria-label={edited === undefined ? "Your question" : "Your edited question"}
          required
        />
        <button disabled={isRunning}>Send</button>
        {isRunning && (
          <button type="button" onClick={() => void stopAnswer()}>
            Stop
          </button>
        )}
      </form>
    </>
  );
}
