import { type Log, createLog } from "@chatkeep/server";

/** Where a log is written; a stream of Node has this shape. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** The command's log: lines for a person where `output` is a terminal, JSON everywhere else. */
export function openLog(level: string, output: Output): Log {
  const format = output.isTTY === true ? lineOf : (json: string): string => json;
  return createLog({ level, destination: { write: (json) => void output.write(format(json)) } });
}

/** pino's numbers for levels. */
const NAMES: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

function lineOf(json: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(json) as {
    time: string;
    level: number;
    msg: string;
    err?: { message?: string; stack?: string };
  };
  const pairs = Object.entries(fields as Record<string, unknown>).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const head = [time.slice(11, 19), (NAMES[level] ?? "").padEnd(5), msg, ...pairs].join(" ");
  return err === undefined ? `${head}\n` : `${head}: ${err.message ?? ""}\n${err.stack ?? ""}\n`;
}
