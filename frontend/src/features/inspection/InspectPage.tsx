import { PageHeader } from '@/ui';

export function InspectPage() {
  return <PageHeader title="Inspect" />;
}
