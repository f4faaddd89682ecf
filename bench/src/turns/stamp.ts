/** Tenths of a millisecond until the stamps begin anew: 1.7 hours. */
const AROUND = 36 ** 5;

/** A token that tells when it was sent: six characters, as long as tokens of models are on average. */
export function stamp(): string {
  return `${(clock() % AROUND).toString(36).padStart(5, "0")} `;
}

/** The milliseconds since each of the tokens of `text` was sent, by any process of this machine. */
export function ages(text: string): number[] {
  const now = clock();
  return text
    .split(" ")
    .filter((token) => token.length === 5)
    .map((token) => ((now - Number.parseInt(token, 36) + AROUND) % AROUND) / 10);
}

/** Tenths of a millisecond of the machine's monotonic clock, which all its processes share. */
function clock(): number {
  return Math.floor(Number(process.hrtime.bigint() / 100_000n) % AROUND);
}
