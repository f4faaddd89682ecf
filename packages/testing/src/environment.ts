/**
 * What a process that a test starts gets of our environment: where programs are, and where Node keeps what it has
 * compiled, which halves the 0.85 s of CPU that a start of the command takes. Nothing else of a developer's shell.
 */
export const CHILD_ENV: Readonly<Record<string, string>> = Object.fromEntries(
  ["PATH", "NODE_COMPILE_CACHE"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);
