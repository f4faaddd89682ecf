import type { Part } from "./part.ts";

type Kind = "string" | "number" | "boolean" | "object" | "any";
/** The kinds of the fields of a part; `?` marks one that may be left out. */
export type PartFields = { readonly [field: string]: Kind | `${Kind}?` };

const ATTACHED: PartFields = { metadata: "object?", ui: "object?" };

/** The fields of each part. */
export const PART_FIELDS: Readonly<Record<Part["type"], PartFields>> = {
  text: { text: "string", ...ATTACHED },
  reasoning: { text: "string", ...ATTACHED },
  "tool-call": {
    id: "string",
    name: "string",
    arguments: "string",
    executor: "string?",
    dynamic: "boolean?",
    title: "string?",
    ...ATTACHED,
  },
  "tool-result": {
    id: "string",
    result: "any",
    error: "boolean?",
    denied: "boolean?",
    preliminary: "boolean?",
    ...ATTACHED,
  },
  "approval-request": {
    id: "string",
    call: "string",
    reason: "string?",
    automatic: "boolean?",
    signature: "string?",
    ui: "object?",
  },
  approval: { id: "string", approved: "boolean", reason: "string?" },
  citation: { citation: "object" },
  source: {
    id: "string",
    url: "string?",
    mime: "string?",
    title: "string?",
    name: "string?",
    metadata: "object?",
  },
  file: {
    url: "string",
    mime: "string",
    name: "string?",
    file: "string?",
    size: "number?",
    sha256: "string?",
    ...ATTACHED,
  },
  data: { name: "string", data: "any", id: "string?" },
  step: {},
};

/** What keeps a value from being a {@link Part}, as the end of a sentence that begins with its place; `undefined` for a part. */
export function partFault(part: unknown): string | undefined {
  if (typeof part !== "object" || part === null) return "is no object";
  const { type, ...given } = part as { readonly [field: string]: unknown };
  if (typeof type !== "string" || !Object.hasOwn(PART_FIELDS, type)) return "has no `type` of a part";
  const fields = PART_FIELDS[type as Part["type"]];
  for (const field of Object.keys(given))
    if (!Object.hasOwn(fields, field)) return `has the field \`${field}\`, which a part \`${type}\` has not`;
  for (const [field, expected] of Object.entries(fields)) {
    const kind = expected.replace("?", "");
    const value = given[field];
    if (value === undefined && expected !== kind) continue;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (kind === "any" ? value === undefined : kind === "object" ? !isObject : typeof value !== kind)
      return `needs \`${field}\`${kind === "any" ? "" : ` (${kind})`} as a part \`${type}\``;
  }
  return undefined;
}
