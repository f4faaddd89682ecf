import { createServer } from "node:http";

import { authenticatePeople, createChatkeep, createNodeHandler, createTokenCheck } from "@chatkeep/server";

import responder from "./responder.ts";

// A host on a platform of functions: every turn gets so long, and the platform kills what still runs then. It serves what
// `chatkeep serve` serves, and continues nothing by itself.
const DEADLINE = 3000;

const { DATABASE_URL, PORT, CHATKEEP_JWT_SECRET: secret = "", CHATKEEP_LEASE: lease } = process.env;
const chatkeep = createChatkeep({
  database: DATABASE_URL,
  authenticate: authenticatePeople(createTokenCheck({ key: { secret } })),
  responder,
  lease: Number(lease) * 1000,
  deadline: DEADLINE,
  waitUntil(work) {
    const strike = setTimeout(() => process.kill(process.pid, "SIGKILL"), DEADLINE);
    void work.finally(() => clearTimeout(strike));
  },
  requestLimits: {
    countRequest: () => undefined,
    countTurn: () => Promise.resolve(undefined),
    countGuess: () => undefined,
    guessed: () => undefined,
  },
  storage: { bytesPerOwner: 0, bytesPerAddress: 0 },
});
const server = createServer(createNodeHandler(chatkeep));
server.listen(Number(PORT), "127.0.0.1", () => console.log('{"msg":"listening"}'));
process.once("SIGTERM", () => void chatkeep.close({ grace: 1000 }).then(() => process.exit()));
