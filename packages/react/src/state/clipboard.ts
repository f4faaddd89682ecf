import { richText } from "./rich-text.ts";

/**
 * Copies `text`. If `button` belongs to an answer, copies its rendered HTML too, for programs that paste rich text. Returns
 * `failed` when the browser refuses. On plain `http:` there is no clipboard API, so a hidden field is selected and copied.
 */
export async function copyText(text: string, button: Element): Promise<"copied" | "failed"> {
  const answer = button.closest(".ck-actions")?.closest("article") ?? null;
  try {
    const { clipboard } = navigator;
    if (answer === null || typeof ClipboardItem === "undefined") await clipboard.writeText(text);
    else {
      const blob = (type: string, data: string): Blob => new Blob([data], { type });
      await clipboard.write([
        new ClipboardItem({
          "text/plain": blob("text/plain", text),
          "text/html": blob("text/html", richText(answer)),
        }),
      ]);
    }
    return "copied";
  } catch {
    return copySelected(text) ? "copied" : "failed";
  }
}

function copySelected(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "ck-hidden";
  const focused = focusedElement();
  // Beside the pressed button: elements outside of an open dialog cannot be selected.
  (focused?.parentElement ?? document.body).append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

/** The element that has the focus, also within shadow roots. */
function focusedElement(): Element | null {
  let focused = document.activeElement;
  for (let inner = focused; inner; inner = inner.shadowRoot?.activeElement ?? null) focused = inner;
  return focused;
}
