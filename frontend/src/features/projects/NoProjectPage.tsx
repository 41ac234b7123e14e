import { Button } from '@mantine/core';
import { IconFolderPlus, IconPlus } from '@tabler/icons-react';
import { OwnProjects } from '@/features/bin';
import { TESTIDS } from '@/lib';
import { EmptyState } from '@/ui';
import { openNewProject } from './newProject';
import classes from './ProjectsPage.module.css';

/** Stands in for every page of work while there is no project: make one, or put one back. */
export function NoProjectPage() {
  return (
    <>
      <EmptyState
        isPage
        icon={<IconFolderPlus size={26} stroke={1.5} />}
        title="You have no project"
        action={
          <Button leftSection={<IconPlus size={16} />} onClick={openNewProject} data-testid={TESTIDS.projects.create}>
            New project
          </Button>
        }
      >
        Networks, data and runs live in projects. Make one, put one back from the bin, or ask an owner for an invitation.
      </EmptyState>
      <div className={classes.binned}>
        <OwnProjects />
      </div>
    </>
  );
}
