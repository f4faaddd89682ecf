import { COMMANDS, type Command } from "./commands.ts";
import { type Setting, settingOf } from "./settings.ts";

/** What `chatkeep --help` prints. */
export function generalHelp(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`);
  return `Conversation memory for AI chat, on PostgreSQL.

Usage: chatkeep <command>

${lines.join("\n")}

  --help     This text; after a command: that command's.
  --version  The version.
`;
}

/** What `chatkeep <command> --help` prints. */
export function commandHelp(name: string, { summary, argument, options, flags, settings }: Command): string {
  const own = Object.entries({ ...options, ...flags }).map(([option, meaning]) =>
    row(`--${option}`, meaning),
  );
  const settable = settings.map((setting) => row(setting, describe(settingOf(setting))));
  return [
    `chatkeep ${name}${argument === undefined ? "" : ` ${argument}`}\n\n${summary}\n`,
    own.join(""),
    settable.length === 0 ? "" : `${SETTINGS_FROM}\n\n${settable.join("")}`,
  ]
    .filter((section) => section !== "")
    .join("\n");
}

const SETTINGS_FROM = "Settings come from the environment, or from a file .env in the working directory:";

/** A line such as `  PORT    The port to listen on; 0 takes a free one. Default 3000.` */
function row(name: string, meaning: string): string {
  return `  ${name.padEnd(33)}${meaning}\n`;
}

function describe({ meaning, default: value, otherwise, choices }: Setting): string {
  return [
    meaning,
    ...(choices === undefined ? [] : [`One of ${choices.join(", ")}.`]),
    ...(value === undefined ? [] : [`Default ${value}.`]),
    ...(otherwise === undefined ? [] : [`Default: ${otherwise}.`]),
  ].join(" ");
}
