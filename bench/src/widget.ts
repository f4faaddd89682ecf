import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openBrowser, startPostgres } from "@chatkeep/testing";

import { type Measure, median } from "./measure.ts";
import { OURS, PEERS } from "./widget/contender.ts";
import { buildPages } from "./widget/pages.ts";
import { installPeers } from "./widget/peers.ts";
import { type Site, serveOurs, servePeer } from "./widget/serve.ts";
import { type Figures, type Visited, visit } from "./widget/visit.ts";

const ROUNDS = 5;

/** What is measured, in the order of the table. */
const FIGURES: readonly (readonly [keyof Figures, name: string, unit: string])[] = [
  ["loaded", "JavaScript before any click, gzip -9", "KB"],
  ["loadedOpen", "JavaScript with the panel open, gzip -9", "KB"],
  ["script", "script time to the first paint of the launcher", "ms"],
  ["slowScript", "the same script time at 6× CPU throttle", "ms"],
  ["first", "from the navigation to the first paint of the launcher", "ms"],
  ["heap", "JavaScript heap after the load", "MB"],
  ["open", "from a press, 150 ms after the pointer came, to 50 messages", "ms"],
  ["pressed", "from the navigation to 50 messages, the launcher pressed at once", "ms"],
  ["inline", "from the navigation to 50 messages, inline, nothing pressed", "ms"],
];

/** Our widget beside other chats, each in one production build of a page that embeds it, in a real browser. */
export async function* measureWidget(): AsyncGenerator<Measure> {
  const peers = await installPeers((line) => console.error(line));
  const output = mkdtempSync(join(tmpdir(), "ck-widget-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(output, { recursive: true, force: true }));
  await buildPages([OURS, ...PEERS], { peers, output });
  const postgres = stack.use(await startPostgres());
  const ours = stack.use(
    await serveOurs({ folder: join(output, OURS.name), databaseUrl: postgres.url("postgres") }),
  );
  const visited: Visited[] = [
    { contender: OURS, url: ours.url, stored: { "chatkeep-session-id": ours.session } },
  ];
  for (const contender of PEERS) {
    const site: Site = stack.use(await servePeer(join(output, contender.name)));
    visited.push({ contender, url: site.url, stored: {} });
  }
  const browser = await openBrowser();
  stack.defer(() => browser.close());

  const rounds: Figures[][] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const figures: Figures[] = [];
    for (const one of visited) figures.push(await visit(browser, one));
    // The first warms the servers and the disk's cache.
    if (round > 0) rounds.push(figures);
  }
  for (const [figure, name, unit] of FIGURES) {
    const medians = visited.map((_, index) => median(rounds.map((round) => round[index]![figure])));
    const best = medians.indexOf(Math.min(...medians.slice(1)), 1);
    yield {
      name: `${name}, ${OURS.name}`,
      value: medians[0]!,
      unit,
      limit: medians[best]!,
      ratio: median(rounds.map((round) => round[0]![figure] / round[best]![figure])),
      target: { most: 1 },
    };
    for (const [index, { name: peer }] of PEERS.entries())
      yield { name: `${name}, ${peer}`, value: medians[index + 1]!, unit };
  }
}
