import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";

export interface WelcomeProps {
  readonly picture: ReactNode;
  /** What people read of the place that is asked about; default none. */
  readonly place?: string | null | undefined;
  /** Whether the browser can find the conversations again; see `TextStorage.lasting`. */
  readonly lasting: boolean;
  /** What helps to begin. */
  readonly children?: ReactNode;
}

/** What is shown before the first question of a conversation. */
export function Welcome({ picture, place = null, lasting, children }: WelcomeProps): ReactNode {
  const strings = useStrings();
  return (
    <div className="ck-welcome">
      {picture}
      <h2>{place === null ? strings.welcome : strings.welcomeTo(place)}</h2>
      {lasting && <p>{strings.welcomeDetail}</p>}
      {children}
    </div>
  );
}
