import { useMantineColorScheme } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { memo, useMemo, useState } from 'react';
import { chooseProject, roleAllows, useCommandStore, useCommands, useProject, useSession, type Command } from '@/lib';
import { openPalette, PALETTE_FIELD_ID } from './openPalette';
import { useThingCommands } from './useThingCommands';

/** Ctrl/Cmd-K: everything the studio can do here, and everything in the project, found by typing. */
export function CommandPalette() {
  const sources = useCommandStore((state) => state.sources);
  const [isOpen, setOpen] = useState(false);
  const things = useThingCommands(isOpen);
  const groups = useMemo(() => grouped([...[...sources.values()].flat(), ...things]), [sources, things]);
  useHotkeys([['mod + K', openPalette]], [], true);
  return (
    <>
      <FrameCommands />
      <Spotlight
        actions={groups}
        shortcut={null}
        onSpotlightOpen={() => setOpen(true)}
        onSpotlightClose={() => setOpen(false)}
        nothingFound="Nothing has this name"
        highlightQuery
        attributes={{ content: { 'aria-label': 'Search and commands' } }}
        overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
        transitionProps={{ duration: 0 }}
        scrollable
        maxHeight={420}
        scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}
        searchProps={{
          id: PALETTE_FIELD_ID,
          leftSection: <IconSearch size={18} stroke={1.5} />,
          size: 'md',
          placeholder: 'Search or run a command',
          'aria-label': 'Search or run a command',
        }}
      />
    </>
  );
}

/** Apart from the palette, which draws again with every change of the commands. */
const FrameCommands = memo(function FrameCommands() {
  useCommands('frame', useFrameCommands());
  return null;
});

function grouped(commands: readonly Command[]): SpotlightActionGroupData[] {
  const byGroup = Map.groupBy(commands, (command) => command.group);
  return [...byGroup].map(([group, members]) => ({
    group,
    actions: members.map(({ id, label, description, shortcut, keywords, perform }) => ({
      id,
      label,
      onClick: perform,
      ...(description === undefined ? {} : { description }),
      ...(keywords === undefined ? {} : { keywords }),
      ...(shortcut === undefined ? {} : { rightSection: <kbd className="mono">{shortcut}</kbd> }),
    })),
  }));
}

function useFrameCommands(): readonly Command[] {
  const navigate = useNavigate();
  const { data: session } = useSession();
  const project = useProject();
  const canEdit = project !== null && roleAllows(project.role, 'editor');
  const { setColorScheme } = useMantineColorScheme();
  return useMemo<readonly Command[]>(() => {
    const go = (id: string, label: string, perform: () => void): Command => ({ id, label, group: 'Go to', perform });
    const projects = session?.projects ?? [];
    const start = (dialog: 'new' | 'import' | 'transfer', label: string): Command => ({
      id: `start-${dialog}`,
      label,
      group: 'Networks',
      perform: () => void navigate({ to: '/networks', search: { start: dialog } }),
    });
    return [
      ...(canEdit ? [start('new', 'New network'), start('import', 'Import a network'), start('transfer', 'Transfer learning')] : []),
      go('go-networks', 'Networks', () => void navigate({ to: '/networks' })),
      go('go-zoo', 'Zoo of trained networks', () => void navigate({ to: '/networks/zoo' })),
      go('go-data', 'Data', () => void navigate({ to: '/data' })),
      go('go-runs', 'Runs', () => void navigate({ to: '/runs' })),
      go('go-inspect', 'Inspect', () => void navigate({ to: '/inspect' })),
      go('go-projects', 'Projects and people', () => void navigate({ to: '/projects' })),
      go('go-storage', 'Storage: what takes the space', () => void navigate({ to: '/storage' })),
      go('go-bin', 'Bin: what was deleted', () => void navigate({ to: '/bin' })),
      go('go-account', 'Account and tokens', () => void navigate({ to: '/account' })),
      ...projects.map((project): Command => ({
        id: `project-${project.id}`,
        label: `Open project ${project.name}`,
        group: 'Projects',
        perform: () => {
          chooseProject(project.id);
          void navigate({ to: '/networks' });
        },
      })),
      ...(['light', 'dark', 'auto'] as const).map((scheme): Command => ({
        id: `theme-${scheme}`,
        label: scheme === 'auto' ? 'Appearance: as the system' : `Appearance: ${scheme}`,
        group: 'Appearance',
        perform: () => setColorScheme(scheme),
      })),
    ];
  }, [navigate, session, canEdit, setColorScheme]);
}
