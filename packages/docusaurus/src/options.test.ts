import { expect, it } from "vitest";

import { readOptions } from "./options.ts";

it("takes an address or a path, without the slash at its end", () => {
  expect(readOptions({ endpoint: "https://chat.example.org/" })).toEqual({
    endpoint: "https://chat.example.org",
    label: undefined,
  });
  expect(readOptions({ endpoint: "/assistant", label: "Ask the manual" })).toEqual({
    endpoint: "/assistant",
    label: "Ask the manual",
  });
  expect(readOptions({ endpoint: "/" }).endpoint).toBe("");
});

it.for([
  [
    {},
    'needs `endpoint`, the address of your Chatkeep server, such as "https://chat.example.org" or "/assistant".',
  ],
  [{ endpoint: "chat.example.org" }, 'or "/assistant", not "chat.example.org".'],
  [{ endpoint: "//chat.example.org" }, 'not "//chat.example.org"'],
  [{ endpoint: "javascript:alert(1)" }, 'not "javascript:alert(1)"'],
  [{ endpoint: 3 }, "not 3"],
  [{ endpoint: "/", label: "" }, "`label` of @chatkeep/docusaurus is what the panel is called"],
  [{ endpoint: "/", url: "x" }, "has no option url: it has endpoint and label."],
] as const)("says what is wrong with %j", ([options, sentence]) => {
  expect(() => readOptions(options)).toThrow(sentence);
});
