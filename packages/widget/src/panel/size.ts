/**
 * Lets every size follow the reader's own text size. A `rem` would follow the page's root, which many sites make
 * small, and an `em` the text around; registered as a length, `--ck-em` is computed once, on the frame
 * (CSS Properties and Values API, 3).
 */
export function registerUnit(): void {
  try {
    CSS.registerProperty({ name: "--ck-em", syntax: "<length>", inherits: true, initialValue: "16px" });
  } catch {
    // Registered already: a second widget on the page.
  }
}

/** Makes the panel as high as what is visible above a screen keyboard; returns the function that ends it. */
export function followKeyboard(frame: HTMLElement): () => void {
  const visible = globalThis.visualViewport;
  const fit = (): void =>
    frame.style.setProperty("--ck-visible-height", `${visible?.height ?? innerHeight}px`);
  fit();
  visible?.addEventListener("resize", fit);
  return () => visible?.removeEventListener("resize", fit);
}
