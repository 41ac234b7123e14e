/** What transfer learning begins with, and what it may begin with. */

import type { TransferSource } from '@/api';

export type Source =
  | { readonly kind: 'network'; readonly id: string }
  /** Comes into the project with the confirmation alone; `weights` names a set of several. */
  | { readonly kind: 'zoo'; readonly key: string; readonly weights?: string };

/** The newest network that can learn images; the list is the newest first. */
export function usualSource(networks: readonly TransferSource[]): Source | null {
  const fitting = networks.find(({ refusal }) => refusal === '');
  return fitting === undefined ? null : { kind: 'network', id: fitting.network_id };
}

const ZOO = 'zoo ';

/** As one of a list names it. */
export function valueOf(source: Source): string {
  return source.kind === 'zoo' ? ZOO + source.key : source.id;
}

export function sourceOf(value: string): Source {
  return value.startsWith(ZOO)
    ? { kind: 'zoo', key: value.slice(ZOO.length) }
    : { kind: 'network', id: value };
}

/** Of a network of the zoo, without who offers it. */
export function zooName(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
