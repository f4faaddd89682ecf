/**
 * Copies `text`; `failed` when the browser does not let us. On plain `http:` there is no clipboard to write to, so
 * a hidden field is selected and copied there.
 */
export async function copyText(text: string): Promise<"copied" | "failed"> {
  try {
    await navigator.clipboard.writeText(text);
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
