import { type ReactNode, useEffect, useId, useRef, useState } from "react";

import { useAllStrings } from "../hooks/useAllStrings.ts";
import { sentenceOf } from "../state/failure.ts";
import { Button } from "./Button.tsx";
import { Notice } from "./Notice.tsx";

export interface ConfirmDialogProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button that does it says. */
  readonly action: string;
  /** Does it; the dialog closes when it succeeds and says so when it fails. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something that cannot be undone. Mounted open, as a native modal dialog. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { title, children, action, onConfirm, onClose } = props;
  const strings = useAllStrings();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [state, setState] = useState<{ readonly doing: boolean; readonly failure: string | null }>({
    doing: false,
    failure: null,
  });
  useEffect(() => dialog.current?.showModal(), []);

  const confirm = async (): Promise<void> => {
    setState({ doing: true, failure: null });
    try {
      await onConfirm();
      dialog.current?.close();
    } catch (error) {
      setState({ doing: false, failure: sentenceOf(error) });
    }
  };

  return (
    <dialog ref={dialog} className="ck-dialog" aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      <div>{children}</div>
      {state.failure !== null && <Notice tone="trouble">{state.failure}</Notice>}
      <div className="ck-dialog-actions">
        <Button label={strings.cancel} onPress={() => dialog.current?.close()} />
        <Button tone="danger" label={action} disabled={state.doing} onPress={() => void confirm()} />
      </div>
    </dialog>
  );
}
