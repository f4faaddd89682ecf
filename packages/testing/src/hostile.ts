/** A body that is sent to do harm, and how it has to be answered. */
export interface HostileBody {
  readonly name: string;
  readonly body: string;
  readonly status: number;
  /** What the answer's `detail` says. */
  readonly detail: RegExp;
}

/** Bytes of a body that a server takes by default. */
const LIMIT = 8 * 1024 * 1024;
const ESCAPES = /holds more than 300000 escape sequences\.$/;
const MANY = /holds more than 30000 values\.$/;

/** Bodies of a message that are as large as the default limit lets in, each of another shape. */
export function hostileBodies(): HostileBody[] {
  const parts = (one: string, count?: number): string =>
    around('{"role":"user","parts":[', one, "1]}", count);
  const metadata = (inner: string): string => `{"role":"user","content":"x","metadata":${inner}}`;
  const shape = (name: string, body: string, detail: RegExp, status = 413): HostileBody => ({
    name,
    body,
    status,
    detail,
  });
  const text = (unit: string): string => around('{"role":"user","content":"', unit, '"}');
  const data = (unit: string): string =>
    around('{"role":"user","parts":[{"type":"file","mime":"a/b","url":"', unit, '"}]}');
  const key = (index: number): string => `"key-${index}":1,`;
  const keys = Array.from({ length: 500_000 }, (_, index) => key(index))
    .join("")
    .slice(0, -1);

  return [
    shape("millions of numbers for parts", parts("1,"), MANY),
    shape("millions of objects for parts", parts("{},"), MANY),
    shape("millions of arrays for parts", parts("[],"), MANY),
    shape("parts of an unknown type", parts('{"type":"song"},'), MANY),
    shape("200,000 parts of text", parts('{"type":"text","text":"a"},', 200_000), MANY),
    shape("14,000 objects for parts", parts("{},", 14_000), /^`\/parts\/0/, 400),
    shape("29,000 numbers for parts", parts("1,", 29_000), /^`\/parts\/0`/, 400),
    shape("9,000 parts of an unknown type", parts('{"type":"song"},', 9_000), /^`\/parts\/0\/type`/, 400),
    shape("9,000 messages without a role", around('{"messages":[', "{},", "1]}", 9_000), /role/, 400),
    shape("500,000 keys", metadata(`{${keys}}`), MANY),
    shape("one key a million times", metadata(around("{", '"a":1,', '"a":1}', 1_000_000)), MANY),
    shape(
      "29,000 unknown keys",
      `{${Array.from({ length: 29_000 }, (_, index) => key(index)).join("")}"a":1}`,
      /is missing|not known/,
      400,
    ),
    shape(
      "arrays 4 million deep",
      "[".repeat(LIMIT / 2) + "]".repeat(LIMIT / 2),
      /nested deeper than 500 levels/,
      400,
    ),
    shape(
      "objects 1 million deep",
      metadata('{"a":'.repeat(1e6) + "1" + "}".repeat(1e6)),
      /nested deeper than 500/,
      400,
    ),
    shape("a text of 8 MB", text("x"), /at most 10000/, 400),
    shape("a text of escaped quotes", text('\\"'), ESCAPES),
    shape("a text of lone surrogates", text("\\ud800"), ESCAPES),
    shape("a text of spaces", text(" "), /at most 10000|cannot be blank/, 400),
    shape(
      "a text of escapes beside a key of one",
      around('{"\\n":1,"role":"user","content":"', "\\n", '"}'),
      ESCAPES,
    ),
    shape("a file's address of escapes", data("\\n"), ESCAPES),
    shape("a file's address of lone surrogates", data("\\ud800"), ESCAPES),
    shape("a file's address of as many escapes as are taken", data("\\n".repeat(8) + "x".repeat(230)), /\d/),
    shape(
      "800 messages of 3,000 Chinese characters",
      JSON.stringify({
        messages: Array.from({ length: 800 }, () => ({ role: "user", content: "字".repeat(3_000) })),
      }),
      /one append takes 500000/,
    ),
    shape("a string that does not end", `{"role":"${"x".repeat(LIMIT - 20)}`, /not valid JSON\.$/, 400),
    shape("escapes that do not end", around('{"role":"', "\\n", "\\"), ESCAPES),
    shape("lines and nothing else", "\n".repeat(LIMIT), /not valid JSON\.$/, 400),
    shape("spaces and a brace", " ".repeat(LIMIT - 1) + "}", /not valid JSON\.$/, 400),
    shape("a number of 8 MB", `{"role":${"9".repeat(LIMIT - 20)}}`, /`\/role`/, 400),
  ];
}

/** Bodies of the largest size that a server takes and stores: what else waits must not wait for them either. */
export function largeBodies(): Pick<HostileBody, "name" | "body">[] {
  const messages = (content: string, count: number): string =>
    JSON.stringify({ messages: Array.from({ length: count }, () => ({ role: "user", content })) });
  const file = { type: "file", mime: "image/png", url: `data:image/png;base64,${"Qk0A".repeat(1_000_000)}` };
  const picture = { role: "user", parts: [file] };
  return [
    { name: "two pictures of 3 MB", body: JSON.stringify({ messages: [picture, picture] }) },
    { name: "50 messages of 10,000 Chinese characters", body: messages("\u5b57".repeat(10_000), 50) },
    { name: "25 messages of 10,000 emoji", body: messages("\u{1f600}".repeat(10_000), 25) },
    { name: "50 messages of 10,000 letters", body: messages("Words and more. ".repeat(625), 50) },
    { name: "29 messages of 10,000 lone surrogates", body: messages("\ud800".repeat(10_000), 29) },
    { name: "50 messages of 10,000 line ends", body: messages("x\n".repeat(5_000), 50) },
  ];
}

/** `head`, then `unit` as often as is asked for or as the limit allows, then `tail`. */
function around(head: string, unit: string, tail: string, count?: number): string {
  const most = Math.floor((LIMIT - head.length - tail.length) / unit.length);
  return head + unit.repeat(count ?? most) + tail;
}
