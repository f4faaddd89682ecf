import { authenticateSession, createChatkeep } from "chatkeep";

export const chatkeep = createChatkeep({
  database: process.env["DATABASE_URL"],
  authenticate: authenticateSession,
  async *responder({ question }) {
    yield `You said “${question.content}”.`;
  },
});
