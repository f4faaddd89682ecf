/** An owner's opinion of an answer. */
export interface Feedback {
  readonly rating: "up" | "down";
  /** At most 10,000 characters; `null` without one. */
  readonly comment: string | null;
}
