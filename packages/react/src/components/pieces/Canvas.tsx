import { type ReactNode, useEffect, useRef } from "react";

export interface CanvasProps {
  /** `null` while its bytes are read. */
  readonly blob: Blob | null;
  /** Called when it is no picture after all. */
  readonly onBroken: () => void;
}

/** The longest side of what is drawn, in pixels: twice what is shown. */
const MOST = 1_024;

/** A picture, drawn: no policy of a page forbids that, and no address is asked for. */
export function Canvas({ blob, onBroken }: CanvasProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (blob === null) return;
    let gone = false;
    void draw(blob, () => (gone ? null : canvas.current)).catch(() => !gone && onBroken());
    return () => {
      gone = true;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- only another picture is drawn again
  }, [blob]);
  return <canvas ref={canvas} width="1" height="1" />;
}

async function draw(blob: Blob, place: () => HTMLCanvasElement | null): Promise<void> {
  const picture = await createImageBitmap(blob);
  const canvas = place();
  const scale = Math.min(1, MOST / Math.max(picture.width, picture.height));
  if (canvas !== null) {
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  }
  picture.close();
}
