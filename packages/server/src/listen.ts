import type { Server as NodeServer } from "node:http";
import type { AddressInfo } from "node:net";

import { createAdaptorServer } from "@hono/node-server";

import type { Log } from "./log.ts";
import type { Server } from "./server.ts";

/** Options of {@link listen}. */
export interface ListenOptions {
  readonly server: Pick<Server, "fetch">;
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  readonly log: Log;
}

/** A port that is listened on. */
export interface Listener extends AsyncDisposable {
  /** Where the server is reached from this machine. */
  readonly url: string;
  /** Stops accepting and closes idle connections; requests that run go on. */
  stop(): void;
  /** Stops, and ends the requests that are still running after `grace` milliseconds (default 5,000). Resolves when no connection is left. */
  close(options?: { readonly grace?: number }): Promise<void>;
}

/** Serves on a port of Node. Rejects with Node's error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`) when it cannot. */
export async function listen({ server, port, host = "127.0.0.1", log }: ListenOptions): Promise<Listener> {
  const node = createAdaptorServer({
    fetch: async (request, bindings) => {
      const response = await server.fetch(request, bindings);
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      // HTTP/1.0 knows no chunks; many a proxy speaks it.
      if (isStream && bindings.incoming.httpVersion === "1.1") {
        // Its head goes out at once, with its first frame: the adapter would wait a millisecond, to tell its length.
        response.headers.set("transfer-encoding", "chunked");
        const { socket } = bindings.outgoing;
        socket?.cork();
        setImmediate(() => socket?.uncork());
      }
      return response;
    },
    // The host's own Request and Response stay as they are.
    overrideGlobalObjects: false,
    serverOptions: {
      // Longer than the 60 s of common load balancers: they, not we, end an idle connection.
      keepAliveTimeout: 65_000,
      headersTimeout: 10_000,
      // To receive a request, its body included; an answer may take as long as it likes.
      requestTimeout: 60_000,
      maxHeaderSize: 32 * 1024,
    },
  }) as NodeServer;
  node.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    log.debug({ code: error.code }, "a connection sent no valid request");
    if (socket.writable) socket.end(refusal(error.code));
    else socket.destroy();
  });

  const started = Promise.withResolvers<void>();
  node.once("error", started.reject);
  node.listen(port, host, started.resolve);
  await started.promise;
  node.off("error", started.reject);
  node.on("error", (error) => log.error({ err: error }, "the server's socket failed"));

  const closed = Promise.withResolvers<void>();
  let stopped = false;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    node.close(() => closed.resolve());
  };
  // Node closes the connections that are idle when it stops, not those that become so afterwards.
  node.on("request", (_, response) => {
    response.once("close", () => {
      if (stopped) setImmediate(() => node.closeIdleConnections());
    });
  });
  const close = async ({ grace = 5_000 }: { readonly grace?: number } = {}): Promise<void> => {
    stop();
    const timer = setTimeout(() => node.closeAllConnections(), grace);
    await closed.promise;
    clearTimeout(timer);
  };
  return { url: urlOf(node.address() as AddressInfo), stop, close, [Symbol.asyncDispose]: () => close() };
}

/** What a connection is told whose request Node could not read: status lines only, there is no request to answer. */
function refusal(code: string | undefined): string {
  const status =
    code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

/** The address as a browser on this machine opens it: `0.0.0.0` and `::` are not addresses to go to. */
function urlOf({ address, family, port }: AddressInfo): string {
  if (address === "0.0.0.0" || address === "::") return `http://localhost:${port}`;
  return family === "IPv6" ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
