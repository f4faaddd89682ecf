import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Browser } from "playwright-core";

import { WAIT_TIMEOUT } from "./timeout.ts";

// Without the network flags Chromium talks to Google's hosts at every start, which a closed network refuses many times.
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Start Chromium: the one that CHROMIUM_PATH names, or the one that npm installed (Linux x64). */
export async function openBrowser(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ args: flags, timeout: WAIT_TIMEOUT, ...program() });
  browser.on("context", (context) => context.setDefaultTimeout(WAIT_TIMEOUT));
  return browser;
}

function program(): { executablePath: string; env?: NodeJS.Dict<string> } {
  const own = process.env["CHROMIUM_PATH"];
  if (own !== undefined && own !== "") return { executablePath: own };
  const folder = unpackedChromium();
  return {
    executablePath: join(folder, "chromium"),
    env: {
      HOME: folder,
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
      // NSS and expat for machines that have none.
      LD_LIBRARY_PATH: join(folder, "al2023", "lib"),
    },
  };
}

// The package unpacks itself (1.6 s, 211 MB) into the temporary folder and takes a half unpacked one for whole, so
// two test files at once would break each other: it does so in a process with a temporary folder of its own, which is
// then renamed.
function unpackedChromium(): string {
  const main = fileURLToPath(import.meta.resolve("@sparticuz/chromium"));
  const { version } = JSON.parse(readFileSync(packageFile(main), "utf8")) as { version: string };
  const folder = join(tmpdir(), `ck-chromium-${version}-${process.getuid?.() ?? 0}`);
  if (existsSync(folder)) return folder;
  const half = mkdtempSync(`${folder}-`);
  const unpack = "import(process.argv[1]).then(({ default: chromium }) => chromium.executablePath())";
  execFileSync(process.execPath, ["--eval", unpack, main], {
    // The name of a Lambda runtime makes it unpack the libraries that such a machine lacks.
    env: { PATH: process.env["PATH"], TMPDIR: half, AWS_LAMBDA_JS_RUNTIME: "nodejs22.x" },
    stdio: "pipe",
  });
  writeFileSync(join(half, "fonts.conf"), fontsConfiguration(folder));
  try {
    renameSync(half, folder);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function packageFile(from: string): string {
  const file = join(dirname(from), "package.json");
  return existsSync(file) ? file : packageFile(dirname(from));
}

// The one it brings names folders of Lambda only: pages would show no letter at all.
const fontsConfiguration = (folder: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;
