import type { ReactNode } from "react";

import { Dialog } from "./Dialog.tsx";
import { COMMAND } from "./platform.ts";
import { useAppStrings } from "./useAppStrings.ts";

/** The keys that do something, wherever the page's focus is. */
export function KeyboardDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { keyboard, keys } = useAppStrings();
  const rows: readonly (readonly [string, readonly string[]])[] = [
    [keys.search, [COMMAND, "K"]],
    [keys.new, [COMMAND, "Shift", "O"]],
    [keys.composer, ["Shift", "Esc"]],
    [keys.list, ["↑", "↓", "Home", "End"]],
    [keys.quote, ["Q"]],
    [keys.stop, ["Esc"]],
    [keys.help, ["?"]],
  ];
  return (
    <Dialog title={keyboard} onClose={onClose}>
      <dl className="keys">
        {rows.map(([what, pressed]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd dir="ltr">
              {pressed.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
