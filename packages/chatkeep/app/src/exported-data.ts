import { exportLineToWire } from "@chatkeep/protocol";
import type { ExportedFile } from "@chatkeep/react";

import type { Who } from "./identity.ts";

/** All that is kept of somebody, as JSON Lines. Errors: those of `History.exportData`. */
export async function exportedData({ history, owner }: Who): Promise<ExportedFile> {
  const lines: string[] = [];
  for await (const line of history.exportData(owner))
    lines.push(`${JSON.stringify(exportLineToWire(line))}\n`);
  return { name: "chatkeep-export.jsonl", type: "application/jsonl", text: lines.join("") };
}
