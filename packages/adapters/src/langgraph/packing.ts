import { createHash } from "node:crypto";

import type { ChannelValue, Json } from "@chatkeep/protocol";
import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";

/** A serialized value: its type, then JSON, or bytes as base64. */
type Packed = readonly [type: string, value: Json];
/** Items of the list before, from a place on. */
type Run = [from: number, count: number];

/** The stored body of a channel's value. */
type Body = { readonly value: Packed } | { readonly list: readonly (Packed | Readonly<Run>)[] };

/** A version of a list, by the digests of its items. */
export interface ChannelList {
  readonly version: string;
  readonly digests: readonly string[];
  /** The stored versions that it is put together from. */
  readonly versions: number;
}

/** A channel's value, put together again. */
type Collected = Packed | readonly Packed[];

export interface Packing {
  pack(value: unknown): Promise<Json>;
  unpack(packed: Json): Promise<unknown>;
  /** A channel's value to store. `differs`: as the difference to `base`. */
  packValue(
    value: unknown,
    version: string,
    base: ChannelList | undefined,
  ): Promise<{ readonly body: Json; readonly differs: boolean; readonly list?: ChannelList }>;
  /** Puts stored values together, each given after those that it is based on. */
  collect(values: readonly ChannelValue[]): {
    readonly values: ReadonlyMap<string, Collected>;
    readonly lists: ReadonlyMap<string, ChannelList>;
  };
  unpackValue(value: Collected): Promise<unknown>;
}

export function createPacking(serde: SerializerProtocol): Packing {
  const pack = async (value: unknown): Promise<[string, Json]> => {
    const [type, bytes] = await serde.dumpsTyped(value);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return [type, type === "json" ? (JSON.parse(buffer.toString()) as Json) : buffer.toString("base64")];
  };
  const unpack = ([type, value]: Packed): Promise<unknown> =>
    serde.loadsTyped(type, type === "json" ? JSON.stringify(value) : Buffer.from(value as string, "base64"));

  return {
    pack,
    unpack: (packed) => unpack(packed as unknown as Packed),

    async packValue(value, version, base) {
      if (!Array.isArray(value)) return { body: { value: await pack(value) }, differs: false };
      const items = await Promise.all(value.map(pack));
      const digests = items.map(digestOf);
      const versions = (base?.versions ?? 0) + 1;
      const list = base && differenceOf(items, digests, base.digests);
      // A list of which little is left is stored whole, or reading it would cost what all before it cost.
      if (list !== undefined && list.some(isRun) && versions <= items.length) {
        return { body: { list } as unknown as Json, differs: true, list: { version, digests, versions } };
      }
      return { body: { list: items }, differs: false, list: { version, digests, versions: 1 } };
    },

    collect(stored) {
      const values = new Map<string, Collected>();
      const versions = new Map<string, { version: string; count: number }>();
      for (const { channel, version, body } of stored) {
        const given = body as unknown as Body;
        versions.set(channel, { version, count: (versions.get(channel)?.count ?? 0) + 1 });
        if ("value" in given) {
          values.set(channel, given.value);
          continue;
        }
        const before = (values.get(channel) ?? []) as readonly Packed[];
        values.set(
          channel,
          given.list.flatMap((piece) =>
            isRun(piece) ? before.slice(piece[0], piece[0] + piece[1]) : [piece],
          ),
        );
      }
      const lists = new Map<string, ChannelList>();
      for (const [channel, value] of values) {
        const { version, count } = versions.get(channel)!;
        if (isList(value)) lists.set(channel, { version, digests: value.map(digestOf), versions: count });
      }
      return { values, lists };
    },

    unpackValue: (value) => (isList(value) ? Promise.all(value.map(unpack)) : unpack(value)),
  };
}

/** A list as runs of the one before it and new items. */
function differenceOf(
  items: readonly Packed[],
  digests: readonly string[],
  before: readonly string[],
): (Packed | Run)[] {
  const places = new Map(before.map((digest, place) => [digest, place]));
  const pieces: (Packed | Run)[] = [];
  let run: Run | undefined;
  digests.forEach((digest, index) => {
    const next = run === undefined ? index : run[0] + run[1];
    const place = before[next] === digest ? next : places.get(digest);
    if (place === undefined) {
      run = undefined;
      pieces.push(items[index]!);
    } else if (run !== undefined && place === next) {
      run[1] += 1;
    } else {
      run = [place, 1];
      pieces.push(run);
    }
  });
  return pieces;
}

function isRun(piece: Packed | Readonly<Run>): piece is Readonly<Run> {
  return typeof piece[0] === "number";
}

function isList(value: Collected): value is readonly Packed[] {
  return typeof value[0] !== "string";
}

function digestOf(packed: Packed): string {
  return createHash("sha256").update(JSON.stringify(packed)).digest("base64");
}
