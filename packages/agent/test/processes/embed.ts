import { createEmbedding } from "@chatkeep/agent";
import { createHistory, createPool } from "@chatkeep/core";

/** A node that embeds what is left, with the model at the address in its second argument; a test kills it. */
const [url = "", baseUrl = ""] = process.argv.slice(2);
const history = createHistory({
  pool: createPool(url),
  embedding: createEmbedding({ model: "openai-compatible/fake", baseUrl }),
});
await history.indexBacklog();
