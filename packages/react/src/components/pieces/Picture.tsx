import { type ReactNode, useEffect, useRef } from "react";

export interface PictureProps {
  /** `null` while its bytes are read: its place is kept. */
  readonly blob: Blob | null;
  readonly name: string;
  /** Called when it is no picture after all. */
  readonly onBroken: () => void;
}

/** The longest side of what is drawn, in pixels: twice what is shown. */
const MOST = 1_024;

/** A picture, drawn: no policy of a page forbids that, and no address is asked for. Pressed, it opens in a tab of its own. */
export function Picture({ blob, name, onBroken }: PictureProps): ReactNode {
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
  const open = (): void => {
    if (blob === null) return;
    const address = URL.createObjectURL(blob);
    window.open(address, "_blank", "noopener");
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  return (
    <button type="button" className="ck-picture" aria-label={name} title={name} onClick={open}>
      <canvas ref={canvas} width="1" height="1" />
    </button>
  );
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
