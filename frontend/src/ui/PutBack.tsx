import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { http } from '@/api/http';
import type { BinnedRef } from '@/api/problem';
import { TESTIDS } from '@/lib/testids';

interface PutBackProps {
  binned: BinnedRef;
  size?: 'xs' | 'sm';
}

/** Takes something out of the bin again, and reads everything again that missed it. */
export function PutBack({ binned, size = 'sm' }: PutBackProps) {
  const client = useQueryClient();
  const restore = useMutation({
    mutationFn: () => http.post(restorePath(binned)),
    onSuccess: () => client.invalidateQueries(),
  });
  return (
    <Button size={size} variant="default" loading={restore.isPending} onClick={() => restore.mutate()} data-testid={TESTIDS.bin.putBack}>
      Put back
    </Button>
  );
}

function restorePath({ kind, id }: BinnedRef): string {
  return kind === 'project' ? `/api/bin/projects/${id}/restore` : `/api/${kind}s/${id}/restore`;
}
