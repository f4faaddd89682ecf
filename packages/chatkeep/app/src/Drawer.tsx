import { IconButton, useStrings } from "@chatkeep/react";
import { type ReactNode, useEffect, useRef } from "react";

import { useAppStrings } from "./useAppStrings.ts";

export interface DrawerProps {
  readonly children: (close: ReactNode) => ReactNode;
  readonly onClose: () => void;
}

/** The sidebar on a narrow screen: a native modal dialog at the edge. Mounted open. */
export function Drawer({ children, onClose }: DrawerProps): ReactNode {
  const { conversations } = useStrings();
  const { closeList } = useAppStrings();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = (): void => dialog.current?.close();
  return (
    // A press beside the drawer hits the dialog itself; Escape closes it for those who use a keyboard.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      className="drawer"
      aria-label={conversations}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && close()}
    >
      {children(<IconButton icon="close" label={closeList} onPress={close} />)}
    </dialog>
  );
}
