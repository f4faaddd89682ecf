/** Whether the main pointer is a finger: focusing a field would raise the keyboard over the page, and Enter is a new line. */
export function isTouch(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}
