import temml from "temml";

/** Nothing larger than the text around it could cover the page (`\rule{999em}{999em}`), and no macro expands for long. */
const LIMITS = { maxSize: [20, 20] as [number, number], maxExpand: 500 };

/**
 * A formula in TeX as MathML, made of elements without any HTML string; `null` when it cannot be read. Commands that
 * link, load, or set attributes are refused.
 */
export function formulaOf(tex: string, display: boolean): Element | null {
  const place = document.createElement("span");
  try {
    temml.render(tex, place, { ...LIMITS, displayMode: display, throwOnError: true, trust: false });
  } catch {
    return null;
  }
  // `\label` would give ids of the page away.
  for (const element of place.querySelectorAll("[id]")) element.removeAttribute("id");
  return place.firstElementChild;
}
