import { request as nodeRequest } from "node:http";

import { fileDatabase } from "@chatkeep/testing";
import { expect, test } from "vitest";

import { newSession, startPeopleServer, SERVER_KEY } from "../people.ts";

const { url } = await fileDatabase();
const { call, url: server } = await startPeopleServer(url);

test.each([
  ["an empty part", [{}]],
  ["a type that is a number", [{ type: 7, text: "x" }]],
  ["a type that is null", [{ type: null }]],
  ["a type that is an object", [{ type: { toString: 1 } }]],
])("useChat's message with %s is refused", async (_, parts) => {
  const { credentials } = newSession();
  for (const role of ["user", "assistant"]) {
    const answer = await call("POST", "/api/chat", {
      credentials,
      body: { id: "chat", messages: [{ id: "m", role, parts }] },
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "invalid_request", pointer: "/messages/0/parts/0" });
  }
});

test("a user who is named twice by a server key is nobody", async () => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  nodeRequest(`${server}/api/conversations`, {
    headers: { authorization: `Bearer ${SERVER_KEY}`, "x-chatkeep-user": ["ada", "bob"] },
  })
    .on("response", (response) => resolve(response.resume().statusCode ?? 0))
    .on("error", reject)
    .end();
  expect(await promise).toBe(400);
});

test("a comma in a user's id is written as %2C", async () => {
  const named = (user: string) =>
    call("GET", "/api/conversations", {
      credentials: { authorization: `Bearer ${SERVER_KEY}`, "x-chatkeep-user": user },
    });
  expect((await named("Lovelace,%20Ada")).status).toBe(400);
  expect((await named("Lovelace%2C%20Ada")).status).toBe(200);
});
