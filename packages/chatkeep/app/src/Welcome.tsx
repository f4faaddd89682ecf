import { Icon } from "@chatkeep/react";
import { type ReactNode, useId } from "react";

import { Mark } from "./Mark.tsx";
import type { Suggestion } from "./suggestions.ts";

/** What {@link Welcome} takes. */
export interface WelcomeProps {
  /** Questions that can be asked with one press; none while they are not known. */
  readonly suggestions: readonly Suggestion[];
  readonly ask: (question: string) => void;
}

/** What is shown before the first question of a conversation. */
export function Welcome({ suggestions, ask }: WelcomeProps): ReactNode {
  const id = useId();
  return (
    <div className="welcome">
      <Mark />
      <h2>What would you like to know?</h2>
      <p>Every conversation is kept: close the page, come back, and go on where you stopped.</p>
      {suggestions.length > 0 && (
        <section className="suggestions" aria-labelledby={id}>
          <h3 id={id}>Ask about a chapter of the book</h3>
          <ul>
            {suggestions.map(({ label, question }) => (
              <li key={label}>
                <button type="button" className="ck-button" onClick={() => ask(question)}>
                  <Icon name="book" />
                  {label}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
