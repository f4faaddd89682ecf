/** The bytes of a JSON object without most of one of its lists. */
export interface Outline {
  /** Takes the next bytes. */
  push(bytes: Uint8Array): void;
  /** The text so far. `undefined` when it has more than the most bytes. */
  text(): Uint8Array | undefined;
}

/**
 * Cuts a JSON object while its bytes arrive. Of each value in the list `name` but the last, only texts, numbers and the
 * like stay; the arrays and objects in it become empty. So a client may send a list of any length whose last value is
 * read. No more than `most` bytes and one piece are in memory.
 */
export function createOutline(name: string, most: number): Outline {
  const text = createBytes();
  /** The value of the list that is being read, cut. */
  const cut = createBytes();
  const key = JSON.stringify(name);
  /** The last text at the top: the key, where a list begins. */
  let top = "";
  let depth = 0;
  let isQuoted = false;
  let isEscaped = false;
  let isInList = false;
  /** Where the value begins in `text`. */
  let begin = 0;
  /** Whether the value is too long. A later one may take its place. */
  let isTooLong = false;
  /** Whether all else is. */
  let isFull = false;

  const write = (bytes: Uint8Array, from: number, to: number): void => {
    if (from === to || isFull) return;
    if (isInList && depth <= SHALLOW) cut.write(bytes, from, to);
    if (!isTooLong) text.write(bytes, from, to);
    isFull = (isInList ? begin + cut.length() : text.length()) > most;
    if (text.length() <= most) return;
    isTooLong = true;
    text.cut(begin);
  };

  return {
    push(bytes) {
      let from = 0;
      const flush = (to: number): void => {
        write(bytes, from, to);
        from = to;
      };
      let backslash = -1;
      for (let index = 0; index < bytes.length; index++) {
        if (isQuoted && !isEscaped && depth > 1) {
          // Most bytes are those of texts.
          if (backslash < index) backslash = endOf(bytes, BACKSLASH, index);
          index = Math.min(backslash, endOf(bytes, QUOTE, index));
        }
        const byte = bytes[index];
        if (depth === 1 && (isQuoted || byte === QUOTE)) {
          if (!isQuoted) top = "";
          if (top.length <= key.length) top += String.fromCharCode(byte!);
        }
        if (isEscaped) isEscaped = false;
        else if (isQuoted) {
          if (byte === BACKSLASH) isEscaped = true;
          else if (byte === QUOTE) isQuoted = false;
        } else if (byte === QUOTE) isQuoted = true;
        else if (byte === BRACKET || byte === BRACE) {
          if (isInList && depth === SHALLOW) flush(index + 1);
          depth++;
          if (depth !== LIST || byte !== BRACKET || top !== key) continue;
          flush(index + 1);
          isInList = true;
          begin = text.length();
        } else if (byte === BRACKET + 2 || byte === BRACE + 2) {
          if (isInList && depth === SHALLOW + 1) flush(index);
          if (isInList && depth === LIST) {
            flush(index);
            isInList = false;
            cut.cut(0);
          }
          depth--;
        } else if (byte === COMMA && isInList && depth === LIST) {
          flush(index + 1);
          text.cut(begin);
          text.write(cut.read(), 0, cut.length());
          cut.cut(0);
          begin = text.length();
          isTooLong = false;
        }
      }
      flush(bytes.length);
    },
    text: () => (isTooLong || isFull ? undefined : text.read()),
  };
}

/** As {@link createOutline}, of an object that is parsed. */
export function outlineOf(value: unknown, name: string): unknown {
  const list = (value as Record<string, unknown> | null)?.[name];
  if (!Array.isArray(list)) return value;
  const cut = (field: unknown): unknown => (Array.isArray(field) ? [] : isObject(field) ? {} : field);
  const outlined = list.slice(0, -1).map((entry: unknown) => {
    if (Array.isArray(entry)) return entry.map(cut);
    if (!isObject(entry)) return entry;
    return Object.fromEntries(Object.entries(entry).map(([key, field]) => [key, cut(field)]));
  });
  return { ...(value as object), [name]: [...outlined, ...list.slice(-1)] };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** How deep the values of the list are, and their fields. */
const LIST = 2;
const SHALLOW = 3;

/** The place of a byte, or the end. */
function endOf(bytes: Uint8Array, byte: number, from: number): number {
  const place = bytes.indexOf(byte, from);
  return place === -1 ? bytes.length : place;
}

/** Bytes that grow. A buffer for each of a million short spans would take 100 bytes each. */
function createBytes() {
  let bytes = Buffer.alloc(0);
  let length = 0;
  return {
    length: () => length,
    read: () => bytes.subarray(0, length),
    cut(to: number): void {
      length = to;
    },
    write(source: Uint8Array, from: number, to: number): void {
      if (length + to - from > bytes.length) {
        const larger = Buffer.allocUnsafe(2 * (length + to - from));
        bytes.copy(larger, 0, 0, length);
        bytes = larger;
      }
      bytes.set(source.subarray(from, to), length);
      length += to - from;
    },
  };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
