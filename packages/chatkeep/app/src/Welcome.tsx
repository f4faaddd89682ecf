import { Icon } from "@chatkeep/react";
import type { ReactNode } from "react";

import { Mark } from "./Mark.tsx";

/** What {@link Welcome} takes. */
export interface WelcomeProps {
  /** Questions that can be asked with one press; none while they are not known. */
  readonly suggestions: readonly string[];
  readonly ask: (question: string) => void;
}

/** What is shown before the first question of a conversation. */
export function Welcome({ suggestions, ask }: WelcomeProps): ReactNode {
  return (
    <div className="welcome">
      <Mark />
      <h2>What would you like to know?</h2>
      <p>Every conversation is kept: close the page, come back, and go on where you stopped.</p>
      {suggestions.length > 0 && (
        <ul className="suggestions" aria-label="Suggested questions">
          {suggestions.map((question) => (
            <li key={question}>
              <button type="button" className="ck-button" onClick={() => ask(question)}>
                <Icon name="book" />
                <span>{question}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
