import type { ReactNode } from "react";

export default function Page(): ReactNode {
  return <h1>The app’s own page</h1>;
}
