import { PageHeader } from '@/ui';

export function NetworksPage() {
  return <PageHeader title="Networks" />;
}
