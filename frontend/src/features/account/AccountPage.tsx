import { PageHeader } from '@/ui';
import classes from './AccountPage.module.css';
import { DevicesPanel } from './DevicesPanel';
import { ProfilePanel } from './ProfilePanel';
import { TokensPanel } from './TokensPanel';

export function AccountPage() {
  return (
    <>
      <PageHeader title="Account" />
      <div className={classes.columns}>
        <ProfilePanel />
        <TokensPanel />
        <DevicesPanel />
      </div>
    </>
  );
}
