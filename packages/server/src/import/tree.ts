/** What the order of a tree needs of its messages. */
interface Node {
  readonly id: string;
  readonly parent: string | null;
  readonly createdAt: string | null;
}

/**
 * Orders the messages of a tree: parents first, each branch whole, versions by their times. A parent that is not there
 * is none; a circle is opened at its first message. Of several with one id the first counts. What follows a message that
 * is not kept follows the one before it.
 */
export function inOrder<N extends Node>(
  nodes: readonly N[],
  isKept: (node: N) => boolean = () => true,
): { readonly node: N; readonly parent: string | null }[] {
  const byId = new Map<string, N>();
  for (const node of nodes) if (!byId.has(node.id)) byId.set(node.id, node);
  const children = new Map<string, N[]>();
  const roots: N[] = [];
  for (const node of byId.values()) {
    if (node.parent === null || !byId.has(node.parent)) roots.push(node);
    else if (children.has(node.parent)) children.get(node.parent)!.push(node);
    else children.set(node.parent, [node]);
  }
  const ordered: { node: N; parent: string | null }[] = [];
  const seen = new Set<string>();
  const walk = (root: N): void => {
    const waiting: { node: N; parent: string | null }[] = [{ node: root, parent: null }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next.node.id)) continue;
      seen.add(next.node.id);
      const keep = isKept(next.node);
      if (keep) ordered.push(next);
      const below = (children.get(next.node.id) ?? []).toSorted(byTime);
      for (const node of below.toReversed())
        waiting.push({ node, parent: keep ? next.node.id : next.parent });
    }
  };
  for (const root of roots.toSorted(byTime)) walk(root);
  for (const node of byId.values()) if (!seen.has(node.id)) walk(node);
  return ordered;
}

/** Messages without a time stay where they are among their siblings. */
function byTime(a: Node, b: Node): number {
  return a.createdAt === null || b.createdAt === null || a.createdAt === b.createdAt
    ? 0
    : a.createdAt < b.createdAt
      ? -1
      : 1;
}
