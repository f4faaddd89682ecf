import type { Environment } from "./environment.ts";
import { StartError } from "./start-error.ts";

/** Explains why a port cannot be listened on; gives other errors back as they are. */
export function explainListenError(
  error: unknown,
  { port, host }: Pick<Environment, "port" | "host">,
): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return new StartError(
        `Port ${port} is in use: stop what uses it, or take another, for example PORT=${port === 65_535 ? 3001 : port + 1} npm start.`,
        { cause: error },
      );
    case "EACCES":
      return new StartError(
        `This user may not listen on port ${port}: take one from 1024 on, for example PORT=3000.`,
        {
          cause: error,
        },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new StartError(
        `HOST must be an address of this machine, not "${host}": 127.0.0.1 for this machine only, 0.0.0.0 for all its addresses.`,
        { cause: error },
      );
    default:
      return error;
  }
}
