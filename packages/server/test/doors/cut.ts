import { type IncomingMessage, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll } from "vitest";

/** A way to a server on which connections break. */
export interface BreakingWay {
  readonly url: string;
  /** Cuts the next `count` POSTs off after the server has answered and before a byte of that arrives. */
  cutAfterAnswer(count: number): void;
  /** Cuts the next `count` POSTs off before the server has seen them. */
  cutBefore(count: number): void;
  /** The retry counts of the POSTs so far, in order. */
  readonly attempts: readonly string[];
}

/** Opens it for a test file, to be called at its top level. */
export async function openBreakingWay(target: string): Promise<BreakingWay> {
  let answered = 0;
  let unseen = 0;
  const attempts: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const isPost = incoming.method === "POST";
    if (isPost) attempts.push(String(incoming.headers["x-stainless-retry-count"] ?? ""));
    if (isPost && unseen > 0) {
      unseen -= 1;
      incoming.socket.destroy();
      return;
    }
    const cut = isPost && answered > 0;
    if (cut) answered -= 1;
    const onward = request(
      new URL(incoming.url ?? "/", target),
      { method: incoming.method ?? "GET", headers: incoming.headers },
      (reply: IncomingMessage) => {
        if (cut) {
          reply.resume().once("end", () => incoming.socket.destroy());
          return;
        }
        outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutAfterAnswer: (count) => (answered = count),
    cutBefore: (count) => (unseen = count),
    attempts,
  };
}
