import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { findPostmaster } from "chatkeep/embedded";

/** A folder for CHATKEEP_HOME that is gone after the test. */
export interface TemporaryHome extends AsyncDisposable {
  path: string;
}

/** Make one. Disposing of it ends a PostgreSQL that a killed Chatkeep left behind in it. */
export function temporaryHome(): TemporaryHome {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "ck-home-")));
  chmodSync(path, 0o711); // as root PostgreSQL runs under another account, which has to pass through
  return {
    path,
    async [Symbol.asyncDispose]() {
      const data = join(path, "postgres", "data");
      if (existsSync(data)) await (await findPostmaster(data))?.stop("immediate");
      // A process that was just killed may still be writing its last.
      rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}
