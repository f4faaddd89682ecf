import { hostileBodies } from "@chatkeep/testing";
import { startServer } from "@chatkeep/testing/server";
import { describe, expect, test } from "vitest";

const { send, refused, session, conversation } = await startServer();
const me = session();
const { id } = await conversation(me);

describe("a body of the largest size is refused with one sentence", () => {
  test.each(hostileBodies())("$name", async ({ body, status, detail }) => {
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(8 * 1024 * 1024);
    const problem = await refused(`/api/conversations/${id}/messages`, { method: "POST", body, session: me });
    expect(problem.status).toBe(status);
    expect(problem.detail.length).toBeLessThan(300);
    expect(problem.detail).toMatch(detail);
  });
});

test("1,000 messages can be sent as they were listed", async () => {
  const path = `/api/conversations/${id}/messages`;
  const messages = Array.from({ length: 1000 }, (_, index) => ({
    role: "user",
    content: `message ${index}`,
  }));
  const stored = await send(path, { method: "POST", body: { messages }, session: me });
  const { messages: given } = (await stored.json()) as { messages: Record<string, unknown>[] };
  const again = given.map(
    ({ role, parts, context_text, intent, processed, model, usage, metadata, tool_call_id }, index) => ({
      id: `again-${index}`,
      role,
      parts,
      context_text,
      intent,
      processed,
      model,
      usage,
      metadata,
      tool_call_id,
    }),
  );
  expect((await send(path, { method: "POST", body: { messages: again }, session: me })).status).toBe(201);
});
