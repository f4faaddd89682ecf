/** An agent of OpenAI's Agents SDK that remembers: `DATABASE_URL=… node openai-agents.ts "What is it?"` */
import { createSession } from "@chatkeep/adapters/openai-agents";
import { createHistory, createPool, migrate } from "@chatkeep/core";
import { Agent, type Model, Runner, Usage } from "@openai/agents";

const pool = createPool(process.env["DATABASE_URL"] ?? "");
await migrate(pool);
const history = createHistory({ pool });
const owner = { kind: "user", id: "ada" } as const;
const { conversation } = await history.createConversation(owner, { scope: "openai-agents" });

// In place of a model, which would need a key: it says how much it was told.
const model: Model = {
  async getResponse({ input }) {
    const count = typeof input === "string" ? 1 : input.length;
    const text = `I was given ${count} items.`;
    const content = [{ type: "output_text" as const, text }];
    return {
      usage: new Usage(),
      output: [{ type: "message", role: "assistant", status: "completed", content }],
    };
  },
  getStreamedResponse() {
    throw new Error("This example does not stream.");
  },
};

const runner = new Runner({ tracingDisabled: true });
const session = createSession({ history, owner, conversationId: conversation.id });
const result = await runner.run(new Agent({ name: "Assistant", model }), process.argv[2] ?? "Hello", {
  session,
});
console.log(result.finalOutput);

await history.close();
await pool.end();
