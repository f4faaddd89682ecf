import { richText } from "./rich-text.ts";

/**
 * Copies `text`, and with it, of an answer whose own `button` was pressed, what is drawn of it: programs that take rich
 * text paste that. `failed` when the browser does not let us. On plain `http:` there is no clipboard to write to, so
 * a hidden field is selected and copied there.
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
  // Beside the button that was pressed: what is outside of an open dialog cannot be selected.
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
