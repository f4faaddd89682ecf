import { Component, type ReactNode } from "react";

export interface BoundaryProps {
  readonly children: ReactNode;
  /** What is shown when the children cannot be rendered. */
  readonly fallback: ReactNode;
}

/**
 * Keeps an error of its children to itself: without it one message that cannot be rendered blanks the whole page, also
 * after a reload. React and Preact offer this to classes only.
 */
export class Boundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true };
  }

  override state: { readonly failed: boolean } = { failed: false };

  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}
