import type { ReactNode } from "react";

import { useStrings } from "../hooks/useStrings.ts";
import { Icon, type IconProps } from "./Icon.tsx";

/** The press of a button. */
export interface Press {
  readonly currentTarget: Element;
}

export interface ButtonProps {
  /** What it does, in words. */
  readonly label: string;
  readonly icon?: ReactNode;
  /** `icon`: the words are its name and its tooltip. Default `words`, beside the icon. */
  readonly shows?: "words" | "icon" | undefined;
  readonly tone?: "plain" | "quiet" | "primary" | "danger" | undefined;
  readonly disabled?: boolean | undefined;
  /** For a toggle: whether it is on. */
  readonly isPressed?: boolean | undefined;
  readonly onPress: (press: Press) => void;
}

/** A button that does something at once. */
export function Button(props: ButtonProps): ReactNode {
  const { label, icon, shows, tone = "plain", disabled, isPressed, onPress } = props;
  const isIcon = shows === "icon";
  return (
    <button
      type="button"
      className={`ck-button ck-${tone} ${isIcon ? "ck-square" : ""}`}
      disabled={disabled}
      aria-pressed={isPressed}
      onClick={onPress}
      {...(isIcon && { "aria-label": label, title: label })}
    >
      {icon}
      {!isIcon && label}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "icon" | "tone"> {
  readonly icon: IconProps["name"];
}

/** A quiet button that shows its icon, and its words where they are asked for. */
export function IconButton({ icon, shows = "icon", ...props }: IconButtonProps): ReactNode {
  return <Button {...props} tone="quiet" shows={shows} icon={<Icon name={icon} />} />;
}

/** Retries a failed action. */
export function RetryButton({ onPress }: Pick<ButtonProps, "onPress">): ReactNode {
  return <Button label={useStrings().retry} icon={<Icon name="retry" />} onPress={onPress} />;
}
