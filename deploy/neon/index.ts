import { authenticatePeople, createChatkeep, createModelResponder, createTokenCheck } from "chatkeep";

const { DATABASE_URL, CHATKEEP_MODEL = "", OPENAI_API_KEY, JWKS_URL = "" } = process.env;

const chatkeep = createChatkeep({
  database: DATABASE_URL,
  authenticate: authenticatePeople(createTokenCheck({ key: { jwks: { url: JWKS_URL } } })),
  responder: createModelResponder({ model: CHATKEEP_MODEL, apiKey: OPENAI_API_KEY }),
});

// Neon sends it 5 s before it stops a function. Running answers are handed over to the next one.
process.once("SIGINT", () => void chatkeep.close({ grace: 3000 }).then(() => process.exit()));

let maintaining: Promise<number> | undefined;
/** Anybody can call the path of Neon's trigger: at most one runs at a time. */
function maintain(): Promise<number> {
  return (maintaining ??= chatkeep
    .migrate()
    .then(() => chatkeep.history.maintain())
    .finally(() => (maintaining = undefined)));
}

export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname !== "/maintain") return chatkeep.fetch(request);
    return Response.json({ steps: await maintain() });
  },
};
