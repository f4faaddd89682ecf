/** Something whose state can be read and watched; the shape `useSyncExternalStore` takes. */
export interface Readable<State> {
  /** The same object until the state changes. */
  readonly getSnapshot: () => State;
  /** Calls `listener` after each change; returns the function that ends it. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** A {@link Readable} that is set: it tells of another value at once. */
export interface Value<State> extends Readable<State> {
  set(state: State): void;
}

/** Holds a value. */
export function createValue<State>(first: State): Value<State> {
  const listeners = new Set<() => void>();
  let current = first;
  return {
    getSnapshot: () => current,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(state) {
      if (Object.is(state, current)) return;
      current = state;
      for (const listener of listeners) listener();
    },
  };
}

/** A {@link Readable} whose owner says when it has changed. */
export interface Snapshot<State> extends Readable<State> {
  /** The state has changed: a new snapshot is built with the next frame, once, however often this is called. */
  changed(): void;
  /** It has changed to what somebody waits for: a new snapshot is built at once, not a frame later. */
  arrived(): void;
}

/** Calls `run` once, soon: with the next animation frame in a browser. */
export type Schedule = (run: () => void) => void;

/**
 * The default {@link Schedule}: an animation frame, or 16 ms where there are none. Hidden pages get no
 * frames at all, so there it is the timer too; otherwise a settled answer would be announced only on return.
 */
export const nextFrame: Schedule = (run) => {
  const hidden = typeof document === "undefined" || document.visibilityState === "hidden";
  if (hidden || typeof requestAnimationFrame !== "function") setTimeout(run, 16);
  else requestAnimationFrame(run);
};

export interface SnapshotOptions<State> {
  /** Builds the state as it is now; must give new objects for what has changed and the same for what has not. */
  readonly build: () => State;
  /** When a new snapshot is built; default {@link nextFrame}. */
  readonly schedule?: Schedule | undefined;
}

/** Holds the snapshot of a state that changes faster than it can be painted. */
export function createSnapshot<State>(options: SnapshotOptions<State>): Snapshot<State> {
  const { build, schedule = nextFrame } = options;
  const { getSnapshot, subscribe, set } = createValue(build());
  let scheduled = false;
  const renew = (): void => {
    scheduled = false;
    set(build());
  };
  return {
    getSnapshot,
    subscribe,
    changed() {
      if (scheduled) return;
      scheduled = true;
      schedule(() => scheduled && renew());
    },
    arrived: renew,
  };
}
