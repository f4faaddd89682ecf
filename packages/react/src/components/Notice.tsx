import type { ReactNode } from "react";

import { Icon } from "./Icon.tsx";

export interface NoticeProps {
  /** `trouble` for what needs a person, `quiet` for what is only said. */
  readonly tone: "trouble" | "quiet";
  readonly children: ReactNode;
  /** Buttons that help. */
  readonly actions?: ReactNode;
}

/** A short message of the page in its own words, with what can be done about it. */
export function Notice({ tone, children, actions }: NoticeProps): ReactNode {
  return (
    <div className="ck-notice" data-tone={tone}>
      {tone === "trouble" && <Icon name="alert" />}
      <div className="ck-notice-text">{children}</div>
      {actions !== undefined && <div className="ck-notice-actions">{actions}</div>}
    </div>
  );
}
