import type { Server as NodeServer } from "node:http";
import type { AddressInfo } from "node:net";

import { createAdaptorServer } from "@hono/node-server";

import type { Log } from "./log.ts";
import type { Server } from "./server.ts";

/** Options of {@link listen}. */
export interface ListenOptions {
  readonly server: Pick<Server, "fetch">;
  /** 0 chooses a free port. */
  readonly port: number;
  /** The address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  readonly log: Log;
  /** Milliseconds after which a body of which no byte comes is refused with 408. Default 60,000. */
  readonly bodyTimeout?: number;
}

/** A listening server. */
export interface Listener extends AsyncDisposable {
  /** The server's address from this machine. */
  readonly url: string;
  /** Stops accepting and closes idle connections. Running requests go on. */
  stop(): void;
  /** Stops, and ends requests that still run after `grace` milliseconds (default 5,000). Resolves when all connections are closed. */
  close(options?: { readonly grace?: number }): Promise<void>;
}

/** Listens on a port. Errors: Node's (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`). */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { server, port, host = "127.0.0.1", log, bodyTimeout = 60_000 } = options;
  const node = createAdaptorServer({
    fetch: server.fetch,
    // Keeps the host's own Request and Response.
    overrideGlobalObjects: false,
    serverOptions: {
      // Longer than the 60 s of common load balancers, so that they end an idle connection.
      keepAliveTimeout: 65_000,
      headersTimeout: 10_000,
      // For receiving a request with its body: a file of 64 MB at 55 KB/s. An answer may take any time.
      requestTimeout: 20 * 60_000,
      maxHeaderSize: 32 * 1024,
    },
  }) as NodeServer;
  node.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    log.debug({ code: error.code }, "a connection sent an invalid request");
    if (socket.writable) socket.end(refusal(error.code));
    else socket.destroy();
  });

  node.on("request", (request, response) => {
    // Node tells of it only while the body is not complete.
    request.setTimeout(bodyTimeout, () => request.socket.end(refusal("ERR_HTTP_REQUEST_TIMEOUT")));
    // Else Node would end a connection whose answer is quiet for as long.
    response.on("timeout", () => undefined);
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
    // Node closes the connections that are idle now, not those that become idle later.
    const timer = setInterval(() => node.closeIdleConnections(), 50);
    node.close(() => {
      clearInterval(timer);
      closed.resolve();
    });
  };
  const close = async ({ grace = 5_000 }: { readonly grace?: number } = {}): Promise<void> => {
    stop();
    const timer = setTimeout(() => node.closeAllConnections(), grace);
    await closed.promise;
    clearTimeout(timer);
  };
  return { url: urlOf(node.address() as AddressInfo), stop, close, [Symbol.asyncDispose]: () => close() };
}

/** The reply to a request that Node could not read: only a status. */
function refusal(code: string | undefined): string {
  const status =
    code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

/** An address that a browser on this machine can open: not `0.0.0.0` or `::`. */
function urlOf({ address, family, port }: AddressInfo): string {
  if (address === "0.0.0.0" || address === "::") return `http://localhost:${port}`;
  return family === "IPv6" ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
