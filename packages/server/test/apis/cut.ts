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
  /** Cuts the next POST off when that resolves, and gives what the server answers all the same. */
  cutWhen(until: Promise<unknown>): Promise<string>;
  /** The retry counts of the POSTs so far, in order. */
  readonly attempts: readonly string[];
}

/** Opens it for a test file, to be called at its top level; retries go to a server of their own, if there is one. */
export async function openBreakingWay(target: string, retryTarget = target): Promise<BreakingWay> {
  let answered = 0;
  let unseen = 0;
  let cutting: { until: Promise<unknown>; answered: (text: string) => void } | undefined;
  const attempts: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const isPost = incoming.method === "POST";
    const attempt = String(incoming.headers["x-stainless-retry-count"] ?? "");
    if (isPost) attempts.push(attempt);
    if (isPost && unseen > 0) {
      unseen -= 1;
      incoming.socket.destroy();
      return;
    }
    const cut = isPost && answered > 0;
    if (cut) answered -= 1;
    const lost = isPost ? cutting : undefined;
    if (lost !== undefined) {
      cutting = undefined;
      void lost.until.then(() => incoming.socket.destroy());
    }
    const onward = request(
      new URL(incoming.url ?? "/", Number(attempt) > 0 ? retryTarget : target),
      { method: incoming.method ?? "GET", headers: incoming.headers },
      (reply: IncomingMessage) => {
        if (cut) {
          reply.resume().once("end", () => incoming.socket.destroy());
          return;
        }
        if (lost !== undefined) {
          let text = "";
          reply.setEncoding("utf8").on("data", (piece: string) => (text += piece));
          reply.once("end", () => lost.answered(text));
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
    cutWhen(until) {
      const { promise, resolve } = Promise.withResolvers<string>();
      cutting = { until, answered: resolve };
      return promise;
    },
    attempts,
  };
}
