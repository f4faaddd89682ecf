import { readFileSync } from "node:fs";
import { openBrowser } from "@chatkeep/testing";
const [out, width, ...files] = process.argv.slice(2);
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
await page.setContent(`<body style="margin:0;background:#888;display:flex;flex-wrap:wrap;gap:8px">${files.map((f) => `<figure style="margin:0"><img style="display:block;width:${width}px" src="data:image/png;base64,${readFileSync(f).toString("base64")}"><figcaption style="font:11px sans-serif">${f.split("/").at(-1)}</figcaption></figure>`).join("")}</body>`);
await page.screenshot({ path: out, fullPage: true });
await browser.close();
