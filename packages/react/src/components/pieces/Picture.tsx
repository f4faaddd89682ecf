import type { ReactNode } from "react";

import { Canvas, type CanvasProps } from "./Canvas.tsx";

export interface PictureProps extends CanvasProps {
  readonly name: string;
}

/** A picture in a place that is kept for it. Pressed, it opens in a tab of its own. */
export function Picture({ blob, name, onBroken }: PictureProps): ReactNode {
  const open = (): void => {
    if (blob === null) return;
    const address = URL.createObjectURL(blob);
    window.open(address, "_blank", "noopener");
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  return (
    <button type="button" className="ck-picture" aria-label={name} title={name} onClick={open}>
      <Canvas blob={blob} onBroken={onBroken} />
    </button>
  );
}
