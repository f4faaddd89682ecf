/** What every host of this folder serves: your database, your login, your model call. */
import { authenticateSession, createChatkeep } from "chatkeep";

export const chatkeep = createChatkeep({
  database: process.env["DATABASE_URL"],
  authenticate: authenticateSession,
  async *responder({ question }) {
    yield `You said “${question.content}”.`;
  },
});
await chatkeep.migrate();

// A deploy: answers that are being given get 5 s, and what they said until then is kept.
process.once("SIGTERM", () => void chatkeep.close({ grace: 5000 }).then(() => process.exit()));
