/** A place in a text, counted from 1. Columns are in UTF-16 units, as in editors. */
interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/**
 * Finds the first character at which `text` stops being JSON (RFC 8259), or the place after the last one when it is cut
 * off. V8's message names no place for half of the faults, and quotes the text.
 */
export function findJsonFault(text: string): TextPlace {
  const at = faultAt(text);
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1 && end < at; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  return { line, column: at - start + 1 };
}

const SPACE = /[\t\n\r ]*/y;
/** Anything but a quote, a backslash and U+0000 to U+001F. */
const PLAIN = /[^"\\\p{Cc}]*(?:[\x7f-\x9f][^"\\\p{Cc}]*)*/uy;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The offset of the fault; the length of a text without one. */
function faultAt(text: string): number {
  const open: string[] = [];
  let at = 0;

  /** Skips what the sticky `pattern` matches here. */
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const take = (char: string): boolean => {
    if (text[at] !== char) return false;
    at++;
    skip(SPACE);
    return true;
  };
  const string = (): boolean => {
    if (text[at] !== '"') return false;
    at++;
    do skip(PLAIN);
    while (skip(ESCAPE));
    return take('"');
  };
  const key = (): boolean => string() && take(":");
  /** Closes the arrays and objects that end here. Returns whether another value must follow; `undefined` at a fault. */
  const proceed = (): boolean | undefined => {
    for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
      if (take(",")) return inner === "}" ? key() || undefined : true;
      if (!take(inner)) return undefined;
      open.pop();
    }
    return false;
  };

  skip(SPACE);
  for (;;) {
    if (take("{")) {
      open.push("}");
      if (text[at] !== "}") {
        if (!key()) return at;
        continue;
      }
    } else if (take("[")) {
      open.push("]");
      if (text[at] !== "]") continue;
    } else if (!string()) {
      if (!skip(LITERAL)) return at;
      skip(SPACE);
    }
    if (proceed() !== true) return at;
  }
}
