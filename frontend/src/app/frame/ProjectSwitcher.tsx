import { Menu, UnstyledButton } from '@mantine/core';
import { IconCheck, IconChevronDown, IconFolders } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { TESTIDS, chooseProject, useProject, useSession } from '@/lib';
import { isAmbiguous, whose } from './projectName';
import classes from './TopBar.module.css';

export function ProjectSwitcher() {
  const { data: session } = useSession();
  const project = useProject();
  const navigate = useNavigate();
  const open = (projectId: string) => {
    chooseProject(projectId);
    void navigate({ to: '/networks' });
  };
  return (
    <div style={{ minWidth: 0, display: 'flex' }}>
      <Menu position="bottom-start" width={260}>
        <Menu.Target>
          <UnstyledButton
            className={classes.item}
            data-testid={TESTIDS.frame.projectSwitcher}
            aria-label={`Project: ${project?.name ?? 'none'}`}
          >
            <span className={classes.name}>{project?.name ?? 'No project'}</span>
            <IconChevronDown size={14} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Projects</Menu.Label>
          {session?.projects.map((each) => (
            <Menu.Item
              key={each.id}
              onClick={() => open(each.id)}
              leftSection={
                <IconCheck size={15} style={{ visibility: each.id === project?.id ? 'visible' : 'hidden' }} />
              }
            >
              {each.name}
              {isAmbiguous(each, session.projects) && <small className={classes.whose}>{whose(each)}</small>}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconFolders size={15} />}
            onClick={() => void navigate({ to: '/projects' })}
          >
            Projects and people
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
