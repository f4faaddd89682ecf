import type { Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { ownerId } from "./arguments.ts";

const session = "0b0f6d2c-6a35-4a1e-9a39-6f0a3f0f2a11";

describe("ownerId", () => {
  it("is the same for the same owner, whichever object tells it", () => {
    expect(ownerId({ kind: "session", id: session })).toBe(
      ownerId({ kind: "session", id: session.toUpperCase() }),
    );
    expect(ownerId({ kind: "user", id: "ada" })).toBe(ownerId({ kind: "user", id: "ada" }));
  });

  it("is another for another user, issuer or kind", () => {
    const owners: Owner[] = [
      { kind: "session", id: session },
      { kind: "user", id: session },
      { kind: "user", id: "ada" },
      { kind: "user", issuer: "https://a.example", id: "ada" },
      { kind: "user", issuer: "https://b.example", id: "ada" },
    ];
    expect(new Set(owners.map((owner) => ownerId(owner))).size).toBe(owners.length);
  });

  it.each<Partial<Owner>>([
    { id: "grace" },
    { issuer: "https://a.example" },
    { kind: "session", id: session },
  ])("follows an object that its caller makes another owner's: %o", (change) => {
    const owner: Owner = { kind: "user", id: "ada" };
    const before = ownerId(owner);
    Object.assign(owner, change);
    expect(ownerId(owner)).toBe(ownerId({ ...owner }));
    expect(ownerId(owner)).not.toBe(before);
  });
});
