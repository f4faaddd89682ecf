/** A message of the conversation that every contender shows. */
export interface Said {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** As many as a page of our history. */
export const MESSAGES = 50;

/** A conversation as readers of a manual have them: short questions, answers in Markdown of about 600 characters. */
export const said: readonly Said[] = Array.from({ length: MESSAGES / 2 }, (_, index) => [
  { role: "user" as const, content: `How does sensor ${index + 1} report what it measured?` },
  { role: "assistant" as const, content: answer(index + 1) },
]).flat();

function answer(sensor: number): string {
  return `Sensor **${sensor}** reports once a second. Each report has a *number*, so that a lost one is noticed:

1. The sensor writes the report to its own memory.
2. It sends the report and waits for \`ok\`.
3. Without an \`ok\` it sends the same report again, under the same number.

\`\`\`js
const report = await sensor.read({ channel: ${sensor} });
console.log(report.number, report.celsius);
\`\`\`

- A report that arrives twice is kept **once**.
- A report that never arrives leaves a gap, which [the receiver](https://example.com/receiver) asks for.

> The clock of a sensor is never trusted: order comes from the numbers alone.`;
}
