import { type Readable, type TextStorage, createValue } from "@chatkeep/react";

/** Whether the sidebar is shown where there is room for it; kept over reloads. */
export interface SidebarState extends Readable<"shown" | "hidden"> {
  toggle(): void;
}

const KEY = "chatkeep-sidebar";

/** As it was left. */
export function createSidebarState(storage: TextStorage): SidebarState {
  const { getSnapshot, subscribe, set } = createValue<"shown" | "hidden">(
    storage.get(KEY) === "hidden" ? "hidden" : "shown",
  );
  return {
    getSnapshot,
    subscribe,
    toggle() {
      const next = getSnapshot() === "shown" ? "hidden" : "shown";
      storage.set(KEY, next);
      set(next);
    },
  };
}
