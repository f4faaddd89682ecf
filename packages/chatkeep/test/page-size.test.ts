import { createFiles } from "@chatkeep/server";
import { expect, test } from "vitest";

import { buildPage } from "./page-view.ts";

/** What a first load of the app may weigh on the wire, in bytes. */
const BUDGET = 160 * 1024;
/** What the operator's page may: it shares React and the components' look. */
const ADMIN_BUDGET = 90 * 1024;

test("a first load weighs no more than its budget, and asks for nothing elsewhere or inline", async () => {
  using built = await buildPage();
  const files = createFiles({ folder: built.folder });
  const get = async (name: string, accepted: string): Promise<Response> =>
    (await files(new Request(`http://localhost/${name}`, { headers: { "accept-encoding": accepted } })))!;
  for (const [name, budget] of [
    ["index.html", BUDGET],
    ["admin.html", ADMIN_BUDGET],
  ] as const) {
    const html = await (await get(name, "identity")).text();
    // What the page names is all that it loads at first: scripts, what they import, style sheets, its icon.
    const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file!);
    expect(named.length).toBeGreaterThan(2);
    let weight = 0;
    for (const file of [name, ...named]) {
      const response = await get(file, "gzip, deflate, br");
      expect(response.headers.get("content-encoding")).toBe("br");
      weight += (await response.arrayBuffer()).byteLength;
    }
    expect(weight).toBeLessThanOrEqual(budget);
    expect(html).not.toMatch(/https?:|<style|<script(?![^>]* src="\.\/assets\/)| style=| on\w+=/);
  }
});
