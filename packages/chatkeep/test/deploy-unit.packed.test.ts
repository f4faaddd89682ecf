import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { createDatabase, freePort } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { endInAnAnswer } from "./deploy-answers.ts";
import { openImage, pairs, readDeploy } from "./deploy-image.ts";
import { ready, unprivileged } from "./program.ts";

const image = await openImage();
const { app, folder, node, settings, start } = image;

describe("the systemd unit", () => {
  it("serves as a user of its own with the settings of its file, and lets an answer end at a stop", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const port = String(await freePort());
    const state = join(folder, "lib");
    const settingsFile = join(folder, "env");
    const lines = { ...settings, DATABASE_URL: database.url, CHATKEEP_TRUST_PROXY: "1" };
    writeFileSync(
      settingsFile,
      Object.entries(lines)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
      { mode: 0o600 },
    );
    const unit = Object.fromEntries(
      [...readDeploy("chatkeep@.service").matchAll(/^(\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [
        name,
        value
          .replaceAll("%i", port)
          .replaceAll("%S", state)
          .replaceAll("/opt/chatkeep/", `${app}/`)
          .replaceAll("/usr/bin/node", node)
          .replaceAll("/etc/chatkeep/env", settingsFile),
      ]),
    );
    // The folder that systemd makes for the user.
    const home = join(state, unit["StateDirectory"]!);
    mkdirSync(home, { recursive: true });
    chmodSync(home, Number.parseInt(unit["StateDirectoryMode"]!, 8));
    const { uid, gid } = unprivileged;
    if (uid !== undefined && gid !== undefined) chownSync(home, uid, gid);
    // systemd reads the file as root, and lets it override the unit's own environment.
    const env = { ...pairs(unit["Environment"]!), ...pairs(readFileSync(unit["EnvironmentFile"]!, "utf8")) };
    await using server = start(
      ["sh", "-c", 'umask "$0" && exec "$@"', unit["UMask"]!, ...unit["ExecStart"]!.split(" ")],
      env,
      unit["WorkingDirectory"],
    );
    const url = `http://127.0.0.1:${port}`;
    await ready(server, url);
    // What a stop sends: SIGTERM, as the unit names no other, and to this process alone.
    expect(unit).toMatchObject({ KillMode: "mixed" });
    expect(unit).not.toHaveProperty("KillSignal");
    await endInAnAnswer(image, { server, url, databaseUrl: database.url });
  });
});
