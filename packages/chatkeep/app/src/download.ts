import type { ExportedFile } from "@chatkeep/react";

/** Offers a text as a file to be kept. */
export function download({ name, type, text }: ExportedFile): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken hold of it with the click.
  setTimeout(() => URL.revokeObjectURL(address), 0);
}
