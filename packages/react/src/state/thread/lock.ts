export interface LockOptions {
  readonly questionId: string;
  /** Aborting ends the waiting. */
  readonly signal: AbortSignal;
  /** Default the page's, which only `https:` and localhost have; without them the job runs at once. */
  readonly locks?: Pick<LockManager, "request"> | undefined;
}

/**
 * Does something with a question in one tab at a time; resolves when it is done, or the waiting was aborted. Without
 * locks two tabs may send the same question at once, under its one id: it is stored once all the same.
 */
export async function exclusively(options: LockOptions, job: () => Promise<void>): Promise<void> {
  const { questionId, signal } = options;
  const locks = options.locks ?? globalThis.navigator?.locks;
  if (locks === undefined) return job();
  try {
    await locks.request(`chatkeep-send:${questionId}`, { signal }, job);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
