import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Ports below those that systems give out by themselves (from 32768 on Linux, 49152 elsewhere): one that was free stays
 * free while a database is made or started again, however many connections others open meanwhile.
 */
const [LOWEST, HIGHEST] = [10_000, 32_000];

/** A TCP port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const server = createServer();
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      server.close();
      await once(server, "close");
      return port;
    } catch {
      // Somebody has this one.
    }
  }
}
