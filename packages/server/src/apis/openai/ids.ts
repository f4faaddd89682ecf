/**
 * Ids in OpenAI's form. The form is reversible, so none is stored: a UUID becomes `msg_<its 32 hex digits>`; an id that
 * has OpenAI's form stays as it is; any other becomes `msg__<base64url>`. Where a message is several items, all but the
 * first add `.1`, `.2`, ….
 */
export type IdPrefix = "conv" | "msg" | "fc" | "fco" | "rs";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX = /^[a-z]+_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;
const CODED = /^[a-z]+__([A-Za-z0-9_-]+)$/;
/** OpenAI's own ids. */
const FOREIGN = /^(conv|msg|fc|fco|rs|[a-z]{2,8})_[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** Writes an id in OpenAI's form. */
export function idToOpenai(prefix: IdPrefix, id: string, place = 0): string {
  const suffix = place === 0 ? "" : `.${place}`;
  if (UUID.test(id)) return `${prefix}_${id.replaceAll("-", "")}${suffix}`;
  const isFree = FOREIGN.test(id) && !HEX.test(id);
  if (isFree && place === 0) return id;
  return `${prefix}__${Buffer.from(id).toString("base64url")}${suffix}`;
}

/** Writes a file's id in OpenAI's form. */
export function fileIdToOpenai(id: string): string {
  return `file-${id.replaceAll("-", "")}`;
}

/** The reverse of {@link fileIdToOpenai}. `undefined` for an id that is not of this server's. */
export function fileIdFromOpenai(given: unknown): string | undefined {
  const hex = typeof given === "string" ? HEX.exec(given.replace(/^file-/, "file_")) : null;
  return hex?.slice(1).join("-");
}

/** An id read from OpenAI's form. */
export interface OwnId {
  readonly id: string;
  /** The index of the item in its message. */
  readonly place: number;
}

/** The reverse of {@link idToOpenai}. Any other text is returned as the id. */
export function idFromOpenai(given: string): OwnId {
  const [, name = given, digits = "0"] = /^(.*?)(?:\.(\d{1,4}))?$/.exec(given) ?? [];
  const place = Number(digits);
  const uuid = HEX.exec(name);
  if (uuid !== null) return { id: uuid.slice(1).join("-"), place };
  const coded = CODED.exec(name)?.[1];
  if (coded === undefined) return { id: given, place: 0 };
  return { id: Buffer.from(coded, "base64url").toString(), place };
}
