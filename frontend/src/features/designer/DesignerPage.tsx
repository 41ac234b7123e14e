import { PageHeader } from '@/ui';

export function DesignerPage() {
  return <PageHeader title="Designer" />;
}
