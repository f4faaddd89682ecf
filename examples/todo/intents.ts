/** What a person wants done. */
export type Intent =
  | { readonly intent: "create_todo"; readonly title: string }
  | { readonly intent: "list_todos"; readonly which: "open" | "done" | "all" }
  | { readonly intent: "complete_todo" | "delete_todo"; readonly what: string }
  | { readonly intent: "unknown" };

const POLITE =
  /^(?:please|could you|can you|would you|i want to|i need to|i'd like to|let's|hey|hi|ok)[\s,]+/i;
const CREATE =
  /^(?:(?:add|create|make|new|put|note|remember)\b(?:\s+(?:a|an|the|new|another))*(?:\s+(?:todo|task|item|reminder))?(?:\s+(?:to|for|called|named))?|remind me to|todo)[:\s]+(.+)$/i;
const LIST =
  /^(?:list|show|what|which|how many|my)\b(?=.*\b(?:todos?|tasks?|items?|list|open|left|to do|done)\b)/i;
const COMPLETE =
  /^(?:complete|finish|finished|tick off|check off|i(?:'ve| have)? (?:did|done|finished|completed)|done with|mark)\s+(.+)$/i;
const DELETE = /^(?:delete|remove|drop|cancel|forget(?: about)?)\s+(.+)$/i;
const NOISE =
  /\b(?:as (?:done|complete|completed|finished)|off my list|from (?:my|the) list|to my list|on my list|todo|task|item)\b/gi;
const ARTICLE = /^(?:the|my|a|an)\s+/i;

/** Reads what a person wants, by rules: no model, no network, the same every time. */
export function readIntent(text: string): Intent {
  let asked = text
    .trim()
    .replaceAll(/\s+/g, " ")
    .replace(/[.!?]+$/, "");
  while (POLITE.test(asked)) asked = asked.replace(POLITE, "");
  const object = (found: string): string =>
    found
      .replaceAll(NOISE, " ")
      .replaceAll(/\s+/g, " ")
      .trim()
      .replace(ARTICLE, "")
      .replaceAll(/^["“']|["”']$/g, "");

  if (LIST.test(asked)) {
    const which = /\b(?:done|completed|finished)\b/i.test(asked)
      ? "done"
      : /\ball\b/i.test(asked)
        ? "all"
        : "open";
    return { intent: "list_todos", which };
  }
  const done = COMPLETE.exec(asked)?.[1];
  if (done !== undefined) return { intent: "complete_todo", what: object(done) };
  const dropped = DELETE.exec(asked)?.[1];
  if (dropped !== undefined) return { intent: "delete_todo", what: object(dropped) };
  const title = CREATE.exec(asked)?.[1];
  if (title !== undefined && object(title) !== "") return { intent: "create_todo", title: object(title) };
  return { intent: "unknown" };
}
