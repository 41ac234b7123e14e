import { addressOf } from '@/api';
import { Kbd, Tooltip, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { TESTIDS } from '@/lib';
import { AccountMenu } from './AccountMenu';
import { ConnectionState } from './ConnectionState';
import { JobsMenu } from './JobsMenu';
import { openPalette } from './openPalette';
import { ProjectSwitcher } from './ProjectSwitcher';
import classes from './TopBar.module.css';

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function TopBar() {
  return (
    <header className={classes.bar}>
      <Link to="/" className={classes.brand} aria-label="Netloom, home">
        <img src={addressOf('/favicon.svg')} width={24} height={24} alt="" />
      </Link>
      <ProjectSwitcher />
      <Tooltip label="Everything the studio can do">
        <UnstyledButton
          className={classes.search}
          onClick={openPalette}
          data-testid={TESTIDS.frame.palette}
          aria-label="Search and commands"
        >
          <IconSearch size={15} aria-hidden />
          <span className={classes.hint}>Search or run a command</span>
          <Kbd size="xs">{isMac ? '⌘ K' : 'Ctrl K'}</Kbd>
        </UnstyledButton>
      </Tooltip>
      <div className={classes.right}>
        <JobsMenu />
        <ConnectionState />
        <AccountMenu />
      </div>
    </header>
  );
}
