/** The model of a new app, by the provider that it has. */
const MODELS: readonly (readonly [provider: string, model: string, key: string])[] = [
  ["@ai-sdk/anthropic", "anthropic/claude-sonnet-5-5", "ANTHROPIC_API_KEY"],
  ["@ai-sdk/google", "google/gemini-3.8-flash", "GOOGLE_GENERATIVE_AI_API_KEY"],
  ["@ai-sdk/openai", "openai/gpt-6-luna", "OPENAI_API_KEY"],
];

/** A model's name, and the variable of its key. */
export interface ModelChoice {
  readonly model: string;
  readonly key: string;
}

/** The model of the provider that the app has; without one, OpenAI's. */
export function chooseModel(packages: Readonly<Record<string, string>>): ModelChoice {
  const [, model, key] = MODELS.find(([provider]) => Object.hasOwn(packages, provider)) ?? MODELS.at(-1)!;
  return { model, key };
}

function chatkeepCall({ model, key }: ModelChoice, ...more: readonly string[]): string {
  return `const chatkeep = createChatkeep({
  database: process.env.DATABASE_URL,
  authenticate: authenticateSession, // or your login: async () => ({ kind: "user", id: "…" })
  responder: createModelResponder({ model: "${model}", apiKey: process.env.${key} }),
${more.map((line) => `  ${line}\n`).join("")}});
`;
}

/** The route file of Next.js. */
export function nextRoute(choice: ModelChoice): string {
  return `import { authenticateSession, createChatkeep, createModelResponder } from "chatkeep";

${chatkeepCall(choice)}
export const { GET, POST, PATCH, DELETE } = chatkeep.handlers;
`;
}

/** A handler for Express, which also serves the widget. */
export function expressHandler(choice: ModelChoice): string {
  return `import { authenticateSession, createChatkeep, createModelResponder, createNodeHandler } from "chatkeep";
import { widget } from "chatkeep/widget";

${chatkeepCall(choice, "fallback: widget,")}
export const handler = createNodeHandler(chatkeep);
`;
}

/** A server beside Vite's. */
export function viteServer(choice: ModelChoice): string {
  return `import { createServer } from "node:http";

import { authenticateSession, createChatkeep, createModelResponder, createNodeHandler } from "chatkeep";

${chatkeepCall(choice)}
createServer(createNodeHandler(chatkeep)).listen(Number(process.env.PORT ?? 3001));
`;
}

/** A page of React on \`useChat\`. */
export function chatPage(name: string): string {
  return `"use client";

import { useChat } from "@chatkeep/react/ai-sdk";

export default function ${name}() {
  const { messages, sendMessage, stop, status, error } = useChat();
  const isRunning = status === "submitted" || status === "streaming";

  return (
    <main>
      {messages.map(({ id, role, parts }) => (
        <p key={id}>
          <b>{role === "user" ? "You: " : "Assistant: "}</b>
          <span>{parts.map((part) => (part.type === "text" ? part.text : ""))}</span>
        </p>
      ))}
      {error && <p role="alert">{error.message}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void sendMessage({ text: String(new FormData(event.currentTarget).get("text")) });
          event.currentTarget.reset();
        }}
      >
        <input name="text" aria-label="Your question" required />
        <button disabled={isRunning}>Send</button>
        {isRunning && (
          <button type="button" onClick={() => void stop()}>
            Stop
          </button>
        )}
      </form>
    </main>
  );
}
`;
}
