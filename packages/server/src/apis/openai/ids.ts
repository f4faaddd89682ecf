/**
 * Our ids as OpenAI writes them, and back. They are reversible, so that what was made through any API has
 * an id here without one being stored: a UUID becomes `msg_<its 32 hex digits>`; an id that has OpenAI's
 * form by itself stays as it is; any other becomes `msg__<base64url>`. Of a message that is several items,
 * all but the first add `.1`, `.2`, ….
 */
export type IdPrefix = "conv" | "msg" | "fc" | "fco" | "rs";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX = /^[a-z]+_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;
const CODED = /^[a-z]+__([A-Za-z0-9_-]+)$/;
/** What OpenAI's ids look like, apart from the two forms of our own. */
const FOREIGN = /^(conv|msg|fc|fco|rs|[a-z]{2,8})_[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** An id of ours as OpenAI writes it. */
export function idToOpenai(prefix: IdPrefix, id: string, place = 0): string {
  const suffix = place === 0 ? "" : `.${place}`;
  if (UUID.test(id)) return `${prefix}_${id.replaceAll("-", "")}${suffix}`;
  const isFree = FOREIGN.test(id) && !HEX.test(id);
  if (isFree && place === 0) return id;
  return `${prefix}__${Buffer.from(id).toString("base64url")}${suffix}`;
}

/** An id of ours, read from one of OpenAI's. */
export interface OwnId {
  readonly id: string;
  /** Which of the message's items it names; 0 is the first. */
  readonly place: number;
}

/** The reverse of {@link idToOpenai}. What is no id of that form is given back, for it may be one of ours. */
export function idFromOpenai(given: string): OwnId {
  const [, name = given, digits = "0"] = /^(.*?)(?:\.(\d{1,4}))?$/.exec(given) ?? [];
  const place = Number(digits);
  const uuid = HEX.exec(name);
  if (uuid !== null) return { id: uuid.slice(1).join("-"), place };
  const coded = CODED.exec(name)?.[1];
  if (coded === undefined) return { id: given, place: 0 };
  return { id: Buffer.from(coded, "base64url").toString(), place };
}
