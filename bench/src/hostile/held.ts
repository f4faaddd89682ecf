/** The question that a node of the measurement answers with {@link HeldLoop.longest}. */
export const HELD = "How long was the event loop held?";

/** Watches the event loop of its process. */
export interface HeldLoop {
  /** The longest time in milliseconds since the last call in which nothing else had its turn. */
  longest(): number;
}

/**
 * Measures in processor time of the thread, between two ticks of a timer: the machine's other work is not in it. A
 * timer comes after all input that is ready, so several pieces of a body count as one.
 */
export function watchLoop(): HeldLoop {
  let last = threadMilliseconds();
  let longest = 0;
  setInterval(() => {
    const now = threadMilliseconds();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1).unref();
  return {
    longest() {
      const found = longest;
      longest = 0;
      return found;
    },
  };
}

function threadMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
