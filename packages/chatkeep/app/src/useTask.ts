import { useState } from "react";

/** How something that takes a while stands. */
export interface Task {
  readonly status: "idle" | "doing" | "done" | "failed";
  /** What it said at its end: its own sentence, or why it failed. */
  readonly sentence: string | null;
}

/** Does one thing at a time and tells how it went; `work` gives the sentence of its end, `null` for none. */
export function useTask(): readonly [Task, (work: () => Promise<string | null>) => void] {
  const [task, setTask] = useState<Task>({ status: "idle", sentence: null });
  const begin = (work: () => Promise<string | null>): void => {
    setTask({ status: "doing", sentence: null });
    work().then(
      (sentence) => setTask({ status: "done", sentence }),
      (error: unknown) => setTask({ status: "failed", sentence: (error as Error).message }),
    );
  };
  return [task, begin];
}
