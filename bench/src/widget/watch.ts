import type { Contender } from "./contender.ts";

/** What {@link watchPage} waits for. */
export interface WatchOptions extends Pick<Contender, "host" | "launcher" | "first" | "message"> {
  /** As many as the history holds. */
  readonly messages: number;
  /** Presses the launcher as soon as it is painted, leaves it to a person, or there is none: it stands inline. */
  readonly press: "at once" | "person" | "none";
}

/** What a watched page has told so far, in milliseconds since its navigation began. */
export interface Watched {
  /** When the launcher, or the component, was painted. */
  first?: number;
  /** When the launcher was pressed. */
  pressed?: number;
  /** When the whole history was painted. */
  opened?: number;
}

declare global {
  interface Window {
    watched: Watched;
  }
}

/**
 * Runs in the page, before its own scripts, and looks once a frame: it must not call anything of this module. A
 * moment is that of the task after the frame in which a thing was there, which is when it is on the screen.
 */
export function watchPage({ host, launcher, first, message, messages, press }: WatchOptions): void {
  const watched: Watched = (window.watched = {});
  const roots = (): (ParentNode | null | undefined)[] =>
    host === null ? [document] : [document.querySelector(host)?.shadowRoot, document];
  const find = (selector: string): HTMLElement | undefined => {
    for (const root of roots()) {
      const found = root?.querySelector<HTMLElement>(selector);
      if (found && found.getBoundingClientRect().height > 0) return found;
    }
    return undefined;
  };
  const isOpen = (): boolean => {
    const shown = roots()[0]?.querySelectorAll(message);
    return (
      shown !== undefined &&
      shown.length >= messages &&
      shown[messages - 1]!.getBoundingClientRect().height > 0
    );
  };
  const painted = (moment: "first" | "opened", then: () => void): void => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      watched[moment] = performance.now();
      performance.mark(moment);
      then();
    });
    port1.start();
    port2.postMessage(null);
  };
  const waitForOpen = (): void => {
    if (watched.pressed !== undefined && isOpen()) painted("opened", () => undefined);
    else requestAnimationFrame(waitForOpen);
  };
  const waitForFirst = (): void => {
    if (find(first) === undefined) return void requestAnimationFrame(waitForFirst);
    painted("first", () => {
      if (press === "at once") find(launcher)?.click();
    });
  };
  addEventListener(
    "click",
    ({ timeStamp }) => {
      if (watched.pressed !== undefined) return;
      watched.pressed = timeStamp;
      waitForOpen();
    },
    { capture: true },
  );
  if (press === "none") {
    watched.pressed = 0;
    waitForOpen();
  }
  requestAnimationFrame(waitForFirst);
}
