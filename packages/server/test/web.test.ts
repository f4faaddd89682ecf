import { connect } from "node:net";

import { fileDatabase } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { newSession, startPeopleServer } from "./people.ts";

const database = await fileDatabase();
const SITE = "https://docs.example.org";

function preflight(origin: string, method = "POST"): RequestInit {
  return {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": "content-type, x-session-id",
    },
  };
}

const corsOf = (response: Response): string[] =>
  [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));

describe("without origins", async () => {
  const { url, call } = await startPeopleServer(database.url);

  it("no site is told that it may do anything", async () => {
    for (const response of [
      await fetch(`${url}/api/conversations`, preflight(SITE)),
      await call("GET", "/api/conversations", { credentials: { ...newSession().credentials, origin: SITE } }),
    ]) {
      await response.text();
      expect(corsOf(response)).toEqual([]);
    }
  });
});

describe("with an allow list", async () => {
  const { url, call } = await startPeopleServer(database.url, { server: { origins: [SITE] } });

  it("a listed site passes its preflight, for the headers that a page sends and no others", async () => {
    const response = await fetch(`${url}/api/conversations`, preflight(SITE));
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe(SITE);
    expect(response.headers.get("access-control-allow-methods")).toContain("POST");
    const allowed = response.headers.get("access-control-allow-headers");
    for (const name of ["authorization", "content-type", "x-session-id", "last-event-id"]) {
      expect(allowed).toContain(name);
    }
    expect(allowed).not.toContain("x-chatkeep-user");
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    expect(response.headers.get("vary")).toContain("origin");
  });

  it("a listed site reads replies and errors, with what it needs of their headers", async () => {
    const { credentials } = newSession();
    for (const given of [credentials, {}]) {
      const response = await call("GET", "/api/conversations", { credentials: { ...given, origin: SITE } });
      await response.text();
      expect(response.headers.get("access-control-allow-origin")).toBe(SITE);
      const exposed = response.headers.get("access-control-expose-headers");
      for (const name of ["retry-after", "x-chatkeep-turn-status", "x-should-retry"])
        expect(exposed).toContain(name);
    }
  });

  it.each([
    "https://evil.example",
    "https://docs.example.org.evil.example",
    "http://docs.example.org",
    "https://docs.example.org:8443",
    "null",
    "https://DOCS.example.org",
  ])("%s is not let in", async (origin) => {
    for (const response of [
      await fetch(`${url}/api/conversations`, preflight(origin)),
      await call("GET", "/api/conversations", { credentials: { ...newSession().credentials, origin } }),
    ]) {
      await response.text();
      expect(corsOf(response)).toEqual([]);
      expect(response.headers.get("vary")).toContain("origin");
    }
  });
});

it("`*` lets every site in, without credentials of the browser's own", async () => {
  const { url } = await startPeopleServer(database.url, { server: { origins: ["*"] } });
  const response = await fetch(`${url}/api/conversations`, preflight("https://any.example", "DELETE"));
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  expect(response.headers.get("access-control-allow-credentials")).toBeNull();
});

describe("every reply", async () => {
  const { call, url } = await startPeopleServer(database.url);

  it.each(["/api/conversations", "/docs", "/nothing", "/health", "/openapi.json"])(
    "%s is guarded against framing, sniffing and referrers, and sets no cookie",
    async (path) => {
      const { headers, ...response } = await call("GET", path).then(async (reply) => {
        await reply.text();
        return reply;
      });
      expect(response).toBeDefined();
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("set-cookie")).toBeNull();
    },
  );

  it.each([
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"],
    ["a length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["chunks under another name", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
    ["a header with a bare line feed", "X-A: 1\nX-B: 2\r\nContent-Length: x\r\n\r\n"],
    ["a header name with a space", "X-A : 1\r\n\r\n"],
  ])("a request with %s is refused and its connection closed", async (_, rest) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.write(
      `POST /api/conversations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${rest}GET /health HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    await closed;
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});
