import { Icon, useStrings } from "@chatkeep/react";
import type { ReactNode } from "react";

export interface WelcomeProps {
  /** What people read of the place; `null` when it has no name. */
  readonly place: string | null;
  /** Whether the browser keeps what finds the conversations again. */
  readonly lasting: boolean;
}

/** What is shown before the first question. */
export function Welcome({ place, lasting }: WelcomeProps): ReactNode {
  const strings = useStrings();
  return (
    <div className="welcome">
      <Icon name="chat" />
      <h3>{place === null ? strings.welcome : strings.welcomeTo(place)}</h3>
      {lasting && <p>{strings.welcomeDetail}</p>}
    </div>
  );
}
