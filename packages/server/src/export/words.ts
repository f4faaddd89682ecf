import type { Citation, Json, Role } from "@chatkeep/protocol";

/** The names of roles in an export. */
export const ROLE_NAMES: Readonly<Record<Role, string>> = {
  user: "You",
  assistant: "Answer",
  tool: "Tool",
  system: "System",
};

/** A source, in a line. */
export function citationName({ chapter, section, url }: Citation): string {
  return [[chapter, section].filter((name) => (name ?? "") !== "").join(" › "), url ?? ""].join(" ").trim();
}

/** A result as it is read: text as it is. */
export function shownJson(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
