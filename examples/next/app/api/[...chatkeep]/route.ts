import { createPool } from "@chatkeep/core";
import { authenticateSession, createChatkeep } from "@chatkeep/server";

const pool = createPool(process.env["DATABASE_URL"] ?? "postgres://localhost/app");
async function* responder({ question }: { question: { content: string } }) {
  yield `You said “${question.content}”.`;
}
const chatkeep = createChatkeep({ pool, authenticate: authenticateSession, responder });
const handle = async (request: Request) => (await chatkeep.migrate(), chatkeep.fetch(request));
export { handle as DELETE, handle as GET, handle as PATCH, handle as POST };
