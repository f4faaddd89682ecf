/**
 * Chatkeep as a web-standard route handler, as Next.js has them in `app/api/[...path]/route.ts`: put
 * everything but the login and the responder there as it is.
 */
import { createPool } from "@chatkeep/core";
import { ChatkeepError } from "@chatkeep/protocol";
import { seedApis } from "@chatkeep/seeds";
import { createChatkeep } from "@chatkeep/server";

const pool = createPool(process.env["DATABASE_URL"] ?? "");
const chatkeep = createChatkeep({
  pool,
  // Beside the native API and those of the AI SDK and OpenAI: `POST /api/{user_id}/chat` and its like.
  apis: [seedApis()],

  // Your login: whoever it names owns the conversations.
  authenticate(request) {
    const user = /(?:^|; )user=(\w+)/.exec(request.headers.get("cookie") ?? "")?.[1];
    if (user === undefined) throw new ChatkeepError("unauthenticated", "Sign in first.");
    return { kind: "user", id: user };
  },

  // Your model call: it is given the conversation so far.
  async *responder({ question, history }) {
    yield `You said “${question.content}”, after ${history.length} messages.`;
  },
});

async function handle(request: Request): Promise<Response> {
  // Asked once: its success is remembered. A database that sleeps is waited for.
  await chatkeep.migrate();
  return chatkeep.fetch(request);
}

export { handle as DELETE, handle as GET, handle as PATCH, handle as POST };

/** For a host that ends. */
export async function close(): Promise<void> {
  await chatkeep.close();
  await pool.end();
}
