import { IconTrash } from '@tabler/icons-react';
import { TESTIDS } from '@/lib';
import { ButtonLink } from '@/ui';

/** Leads to what was deleted. */
export function BinLink() {
  return (
    <ButtonLink to="/bin" variant="subtle" color="gray" leftSection={<IconTrash size={16} />} data-testid={TESTIDS.bin.open}>
      Bin
    </ButtonLink>
  );
}
