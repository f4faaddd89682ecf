import { once } from "node:events";
import { Agent, request as nodeRequest } from "node:http";
import { connect } from "node:net";

import { type ListenOptions, createLog, listen } from "@chatkeep/server";
import { freePort } from "@chatkeep/testing";
import { expect, test } from "vitest";

const log = createLog({ level: "silent" });

/** A server whose answer to `/slow` waits for the test. */
async function start(options: Pick<ListenOptions, "bodyTimeout"> = {}) {
  const arrived = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const listener = await listen({
    server: {
      fetch: async (request) => {
        await request.arrayBuffer();
        if (new URL(request.url).pathname === "/slow") {
          arrived.resolve();
          await answer.promise;
        }
        return new Response("done");
      },
    },
    port: 0,
    log,
    ...options,
  });
  return { listener, arrived: arrived.promise, answer: answer.resolve };
}

test("requests that run finish before it is closed; new ones are refused", async () => {
  const { listener, arrived, answer } = await start();
  const running = fetch(`${listener.url}/slow`);
  await arrived;
  let closed = false;
  const closing = listener.close({ grace: 60_000 }).then(() => (closed = true));
  await expect(fetch(listener.url)).rejects.toThrow("fetch failed");
  expect(closed).toBe(false);
  answer();
  expect(await (await running).text()).toBe("done");
  await closing;
});

test("a request that does not end is ended after the grace period", async () => {
  const { listener, arrived } = await start();
  const running = fetch(`${listener.url}/slow`);
  await arrived;
  await listener.close({ grace: 0 });
  await expect(running).rejects.toThrow("fetch failed");
});

test("idle connections are closed at once, so closing waits for nobody", async () => {
  const { listener } = await start();
  const agent = new Agent({ keepAlive: true });
  const call = nodeRequest(listener.url, { agent }).end();
  const [response] = (await once(call, "response")) as [NodeJS.ReadableStream];
  response.resume();
  await once(response, "end");
  const [socket] = Object.values(agent.freeSockets).flat();
  const ended = once(socket!, "close");
  await listener.close({ grace: 60_000 });
  await ended;
  expect(Object.values(agent.freeSockets).flat()).toEqual([]);
});

test("a second close waits for the first", async () => {
  const { listener } = await start();
  expect(await Promise.all([listener.close(), listener.close()])).toEqual([undefined, undefined]);
  await expect(listener.close()).resolves.toBeUndefined();
});

test("a port in use is Node's own error", async () => {
  const { listener } = await start();
  const port = Number(new URL(listener.url).port);
  const second = listen({ server: { fetch: async () => new Response() }, port, log });
  await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
  await listener.close();
});

test("the URL is one that this machine can open", async () => {
  const port = await freePort();
  const listener = await listen({
    server: { fetch: async () => new Response("here") },
    port,
    host: "0.0.0.0",
    log,
  });
  expect(listener.url).toBe(`http://localhost:${port}`);
  expect(await (await fetch(listener.url)).text()).toBe("here");
  await listener.close();
});

test.each([
  ["GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n", "400"],
  [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(40_000)}\r\n\r\n`, "431"],
])("what is no request is answered with a status and an end", async (bytes, status) => {
  const { listener } = await start();
  const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
  socket.setEncoding("utf8").write(bytes);
  let text = "";
  for await (const piece of socket) text += piece as string;
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  await listener.close();
});

test("a body that stands still is refused, and an answer that is quiet for longer is not", async () => {
  const { listener, arrived, answer } = await start({ bodyTimeout: 200 });
  const running = fetch(`${listener.url}/slow`, { method: "POST", body: "whole" });
  await arrived;
  const { port } = new URL(listener.url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
  const [told] = (await once(socket, "data")) as [Buffer];
  expect(told.toString()).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
  await once(socket, "close");
  answer();
  expect(await (await running).text()).toBe("done");
  await listener.close();
});
