import type { ReactNode } from "react";

import { Icon, type IconProps } from "./Icon.tsx";

export interface IconButtonProps {
  readonly icon: IconProps["name"];
  /** What it does, in words. */
  readonly label: string;
  readonly onPress: () => void;
}

/** A button that shows an icon alone; its words are its name and what hovering shows. */
export function IconButton({ icon, label, onPress }: IconButtonProps): ReactNode {
  return (
    <button
      type="button"
      className="ck-button ck-quiet ck-square"
      aria-label={label}
      title={label}
      onClick={onPress}
    >
      <Icon name={icon} />
    </button>
  );
}
