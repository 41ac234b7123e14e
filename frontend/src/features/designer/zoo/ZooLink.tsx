import { IconBooks } from '@tabler/icons-react';
import { ButtonLink } from '@/ui';
import { DESIGNER_IDS } from '../testids';

/** Leads to the networks that others have made and trained. */
export function ZooLink() {
  return (
    <ButtonLink
      to="/networks/zoo"
      variant="default"
      leftSection={<IconBooks size={16} />}
      data-testid={DESIGNER_IDS.zoo}
    >
      Zoo
    </ButtonLink>
  );
}
