import { describe, expect, it } from "vitest";

import { ChatkeepError, ERRORS, type ErrorCode, errorTitle, isChatkeepError } from "../errors.ts";
import { problemFromWire, problemToWire } from "./problem.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe("problems on the wire", () => {
  it.each(CODES)("brings %s across with its sentence, pointer, turn and wait", (code) => {
    const given = new ChatkeepError(code, "Say what to do.", {
      pointer: "/content",
      turnId: "t1",
      retryAfter: 2,
    });
    const body: unknown = JSON.parse(JSON.stringify(problemToWire(given, "req-1")));
    const got = problemFromWire(body, given.status);
    expect(got).toBeInstanceOf(ChatkeepError);
    expect(got).toMatchObject({
      code,
      status: ERRORS[code],
      message: "Say what to do.",
      pointer: "/content",
      turnId: "t1",
      retryAfter: 2,
    });
  });

  it.each(CODES)("writes %s as RFC 9457 has it, with nothing that was not given", (code) => {
    const wire = problemToWire(new ChatkeepError(code, "Say what to do."), "req-1");
    expect(wire).toEqual({
      type: `urn:chatkeep:error:${code}`,
      title: errorTitle(code),
      status: ERRORS[code],
      error: errorTitle(code),
      code,
      detail: "Say what to do.",
      instance: "req-1",
    });
  });

  it("never tells the cause or a stack", () => {
    const cause = new Error('relation "messages" does not exist');
    const wire = problemToWire(new ChatkeepError("internal", "Something went wrong.", { cause }), "req-1");
    expect(JSON.stringify(wire)).not.toMatch(/relation|stack|at /);
  });

  it.each([
    [400, "invalid_request"],
    [401, "unauthenticated"],
    [403, "forbidden"],
    [404, "not_found"],
    [413, "payload_too_large"],
    [422, "invalid_request"],
    [429, "rate_limited"],
    [500, "unavailable"],
    [502, "unavailable"],
    [503, "unavailable"],
    [504, "unavailable"],
  ] satisfies [number, ErrorCode][])("takes a proxy's %i for %s", (status, code) => {
    for (const body of [undefined, null, "<html>", [], { code: "toString" }, { code: "whatever" }]) {
      expect(problemFromWire(body, status).code).toBe(code);
    }
  });

  it("fills in the title where a body has no sentence", () => {
    expect(problemFromWire({ code: "forbidden" }, 403).message).toBe("Forbidden");
  });
});

describe("errors", () => {
  it("are told apart by their code and keep their cause", () => {
    const cause = new Error("ECONNREFUSED");
    const error = new ChatkeepError("unavailable", "Try again.", { cause });
    expect(isChatkeepError(error)).toBe(true);
    expect(isChatkeepError(error, "unavailable")).toBe(true);
    expect(isChatkeepError(error, "forbidden")).toBe(false);
    expect(isChatkeepError(cause)).toBe(false);
    expect(error.cause).toBe(cause);
  });
});
