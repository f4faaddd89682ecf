import { readFileSync } from "node:fs";

import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, it } from "vitest";

it("has no fault that Redocly's recommended rules find", async () => {
  const config = await createConfig({
    extends: ["recommended"],
    rules: {
      // The APIs' paths are those of their clients: `/api/{user_id}/chat` beside `/api/conversations/{id}`.
      "no-ambiguous-paths": "off",
      // The server is wherever it is mounted.
      "no-server-example.com": "off",
      // Pages and probes take nothing that could be wrong.
      "operation-4xx-response": "off",
      // Former addresses only redirect.
      "operation-2xx-response": "off",
      // The tags are plain words.
      "tag-description": "off",
    },
  });
  const source = readFileSync(new URL("../openapi.json", import.meta.url), "utf8");
  const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
  expect(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ""}`),
  ).toEqual([]);
});
