/**
 * Takes a picture of every state of the page, on a desktop and a phone, light and dark, into
 * `test-results/screenshots`, or only of the states that are named; with the argument `docs` the two that the README
 * shows, into `docs/images`.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { createPool } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { createLog } from "@chatkeep/server";
import { createDatabase, startPostgres } from "@chatkeep/testing";

import { openDocs } from "../src/docs.ts";
import { PHONE, type VisitOptions, openStage } from "./page-stage.ts";
import { EARLIER, type State } from "./states/state.ts";
import { STATES } from "./states/states.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Screen extends VisitOptions {
  readonly name: string;
}

const SCREENS: readonly [Screen, Screen] = [
  { name: "desktop", viewport: { width: 1280, height: 800 } },
  {
    name: "phone",
    ...PHONE,
    deviceScaleFactor: 2,
  },
];

const postgres = await startPostgres({ settings: { fsync: "off" } });
const database = await createDatabase({ server: postgres.url("postgres") });
const pool = createPool(database.url);
const docs = openDocs({
  pool,
  schema: "chatkeep",
  folder: `${root}docs/guide`,
  log: createLog({ level: "silent" }),
});
await docs.ingest();
const stage = await openStage(database.url, docs);

/** An owner with a few conversations of the last weeks. */
async function ownerWithPast(): Promise<Owner> {
  const owner: Owner = { kind: "session", id: crypto.randomUUID() };
  for (const [title, days] of EARLIER) {
    const { conversation } = await stage.history.createConversation(owner, { title });
    await stage.history.appendMessages(owner, conversation.id, [{ role: "user", content: title }]);
    const set =
      "update chatkeep.conversations set updated_at = now() - make_interval(days => $2) where id = $1";
    await database.pool.query(set, [conversation.id, days]);
  }
  return owner;
}

async function take(
  state: State,
  screen: (typeof SCREENS)[number],
  colorScheme: "light" | "dark",
  path: string,
) {
  const owner = await ownerWithPast();
  const { name: _, ...options } = screen;
  await using visit = await stage.visit({
    owner,
    ...options,
    colorScheme,
    ...(await state.visit?.(stage, owner)),
  });
  await state.reach(visit.page, stage);
  await visit.page.evaluate(() => document.fonts.ready);
  await visit.page.screenshot({ path, animations: "disabled" });
}

try {
  if (process.argv[2] === "docs") {
    mkdirSync(`${root}docs/images`, { recursive: true });
    const shown = STATES.find((state) => state.name === "answered") as State;
    await take(shown, SCREENS[0], "light", `${root}docs/images/page-light.png`);
    await take(
      shown,
      { ...SCREENS[1], deviceScaleFactor: 1.5 },
      "dark",
      `${root}docs/images/page-phone-dark.png`,
    );
  } else {
    const folder = `${root}test-results/screenshots`;
    mkdirSync(folder, { recursive: true });
    const names = process.argv.slice(2);
    const wanted = STATES.filter(({ name }) => names.length === 0 || names.includes(name));
    for (const state of wanted)
      for (const screen of SCREENS)
        for (const colorScheme of ["light", "dark"] as const)
          await take(state, screen, colorScheme, `${folder}/${state.name}-${screen.name}-${colorScheme}.png`);
  }
} finally {
  await stage[Symbol.asyncDispose]();
  docs.close();
  await pool.end();
  await database.pool.end();
  await postgres.remove();
}
