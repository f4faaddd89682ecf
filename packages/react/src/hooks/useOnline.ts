import { useSyncExternalStore } from "react";

/** Whether the browser has a network; the component renders again when that changes. */
export function useOnline(): boolean {
  return useSyncExternalStore(subscribe, read, () => true);
}

function read(): boolean {
  return navigator.onLine;
}

function subscribe(listener: () => void): () => void {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}
