/** An observable of RxJS, as far as it is used. */
export interface Observable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): {
    unsubscribe(): void;
  };
}

/** Subscribes when it is read. Leaving unsubscribes. */
export function fromObservable(source: Observable): ReadableStream<unknown> {
  let subscription: { unsubscribe(): void } | undefined;
  return new ReadableStream<unknown>({
    start(controller) {
      subscription = source.subscribe({
        next: (value) => controller.enqueue(value),
        error: (error) => controller.error(error),
        complete: () => controller.close(),
      });
    },
    cancel: () => subscription?.unsubscribe(),
  });
}
