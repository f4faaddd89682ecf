import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** What a client meets while the database sleeps: a connection that is held open, closed, or told "starting up". */
export type Sleep = "holds" | "closes" | "starting";

/** An address of a database, which a test controls. */
export interface DatabaseProxy extends AsyncDisposable {
  /** The database's URL, through the proxy. */
  readonly url: string;
  /** Resolves when a client has tried to connect. */
  asked(): Promise<void>;
  /** Lets everybody through, those whose connection is held too. */
  wake(): void;
  /** Closes every connection without a word, as a proxy closes idle ones. */
  cut(): void;
  /** Closes every connection; from now on it leads to this server, as an address does after a failover. */
  leadTo(url: string): void;
}

// An ErrorResponse of PostgreSQL's protocol.
const STARTING_UP = Buffer.from("E\0\0\0\x37SFATAL\0C57P03\0Mthe database system is starting up\0\0");

/**
 * Starts a proxy on loopback in front of the database of `url`. With `sleep` the database sleeps until it is woken, as
 * serverless ones do.
 */
export async function startDatabaseProxy(url: string, sleep?: Sleep): Promise<DatabaseProxy> {
  const through = new URL(url);
  let target = new URL(url);
  const open = new Set<Socket>();
  const held = new Set<Socket>();
  const asked = Promise.withResolvers<void>();
  let isAwake = sleep === undefined;

  const join = (socket: Socket): void => {
    const upstream = connect(Number(target.port), target.hostname);
    open.add(upstream.on("error", () => socket.destroy()));
    // A killed client resets its connection, and the server has to learn of it.
    socket.once("close", () => upstream.destroy());
    upstream.once("close", () => socket.destroy());
    socket.pipe(upstream).pipe(socket);
  };
  const server = createServer((socket) => {
    open.add(socket.on("error", () => undefined));
    asked.resolve();
    if (isAwake) join(socket);
    else if (sleep === "holds") held.add(socket);
    else if (sleep === "closes") socket.destroy();
    else socket.once("data", () => socket.end(STARTING_UP));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  through.hostname = "127.0.0.1";
  through.port = String((server.address() as AddressInfo).port);
  const cut = (): void => {
    for (const socket of open) socket.destroy();
    open.clear();
  };
  return {
    url: through.href,
    asked: () => asked.promise,
    wake() {
      isAwake = true;
      for (const socket of held) join(socket);
      held.clear();
    },
    cut,
    leadTo(other) {
      target = new URL(other);
      cut();
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
