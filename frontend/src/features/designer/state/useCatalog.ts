/** The layer types and library blocks: they change only with the studio. */

import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { listBlocks, listLayers } from './api';
import { makeCatalog, type Catalog } from './catalog';

interface LoadedCatalog {
  /** Null until it is there. */
  readonly catalog: Catalog | null;
  readonly error: Error | null;
  readonly refetch: () => void;
}

export function useCatalog(): LoadedCatalog {
  const layers = useQuery({ queryKey: ['layers'], queryFn: listLayers, staleTime: Infinity });
  const blocks = useQuery({ queryKey: ['blocks'], queryFn: listBlocks, staleTime: Infinity });
  const catalog = useMemo(
    () =>
      layers.data === undefined || blocks.data === undefined
        ? null
        : makeCatalog(layers.data.layers, blocks.data),
    [layers.data, blocks.data],
  );
  return {
    catalog,
    error: layers.error ?? blocks.error,
    refetch: () => {
      void layers.refetch();
      void blocks.refetch();
    },
  };
}
