import { Later, useStrings } from "@chatkeep/react";
import { type ReactNode, useState } from "react";

import { Dialog } from "./Dialog.tsx";
import type * as Loaded from "./palette/Palette.tsx";
import { PaletteField } from "./PaletteField.tsx";
import { useAppStrings } from "./useAppStrings.ts";

/** Loads what the palette shows. */
function loadPalette(): Promise<typeof Loaded> {
  return import("./palette/Palette.tsx");
}

export interface PaletteDialogProps extends Omit<Loaded.PaletteProps, "text" | "onText" | "entered"> {
  readonly onClose: () => void;
}

/** Finds conversations, messages and commands. Text and Enter that are typed before it is loaded are kept. */
export function PaletteDialog({ onClose, ...props }: PaletteDialogProps): ReactNode {
  const { actionFailed } = useStrings();
  const { palette } = useAppStrings();
  const [text, setText] = useState("");
  const [entered, setEntered] = useState(false);
  const before = (
    <PaletteField
      text={text}
      onText={(typed) => {
        setText(typed);
        setEntered(false);
      }}
      onKeyDown={({ key, nativeEvent }) => setEntered(key === "Enter" && !nativeEvent.isComposing)}
    />
  );
  return (
    <Dialog title={palette.name} kind="search" onClose={onClose}>
      <Later load={loadPalette} failed={actionFailed} before={before}>
        {({ Palette }) => <Palette {...props} text={text} onText={setText} entered={entered} />}
      </Later>
    </Dialog>
  );
}
