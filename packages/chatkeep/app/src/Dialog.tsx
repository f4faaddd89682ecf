import { IconButton, useStrings } from "@chatkeep/react";
import { type ReactNode, useEffect, useId, useRef } from "react";

export interface DialogProps {
  readonly title: string;
  /** Default `plain`; `search` is wide, stands at the top and shows no title. */
  readonly kind?: "plain" | "search";
  readonly children: ReactNode;
  readonly onClose: () => void;
}

/** A native modal dialog: the browser keeps the focus in it, gives it back, and closes it with Escape. Mounted open. */
export function Dialog({ title, kind = "plain", children, onClose }: DialogProps): ReactNode {
  const strings = useStrings();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const close = (): void => dialog.current?.close();
  const head = (
    <div className="panel-head">
      <h2 id={id} className={kind === "search" ? "ck-hidden" : undefined}>
        {title}
      </h2>
      <IconButton icon="close" label={strings.close} onPress={close} />
    </div>
  );
  return (
    // A press beside it hits the dialog itself; Escape closes it for those who use a keyboard.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      className="panel"
      data-kind={kind}
      aria-labelledby={id}
      // React passes on the closing of a dialog within this one.
      onClose={(event) => event.target === dialog.current && onClose()}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div className="panel-body">
        {kind === "plain" && head}
        {children}
        {/* After the field, which gets the focus as the first that can have it. */}
        {kind === "search" && head}
      </div>
    </dialog>
  );
}
