import { Avatar, Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import {
  IconDatabase, IconDeviceDesktop, IconKey, IconLogout, IconMoon, IconSun, IconTrash, IconUsers,
} from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { http } from '@/api';
import { SESSION_KEY, TESTIDS, useSession } from '@/lib';
import classes from './TopBar.module.css';

const SCHEMES = [
  { value: 'light', label: 'Light', icon: IconSun },
  { value: 'dark', label: 'Dark', icon: IconMoon },
  { value: 'auto', label: 'As the system', icon: IconDeviceDesktop },
] as const;

export function AccountMenu() {
  const { data: session } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const name = session?.person?.name ?? '';
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton
          className={classes.item}
          aria-label={`Account: ${name}`}
          data-testid={TESTIDS.frame.account}
        >
          <Avatar size={24} radius="xl" name={name} color="petrol" alt="" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{session?.person?.email ?? name}</Menu.Label>
        <Menu.Item leftSection={<IconKey size={15} />} onClick={() => void navigate({ to: '/account' })}>
          Account and tokens
        </Menu.Item>
        <Menu.Item leftSection={<IconUsers size={15} />} onClick={() => void navigate({ to: '/projects' })}>
          Projects and people
        </Menu.Item>
        <Menu.Item leftSection={<IconDatabase size={15} />} onClick={() => void navigate({ to: '/storage' })}>
          Storage
        </Menu.Item>
        <Menu.Item leftSection={<IconTrash size={15} />} onClick={() => void navigate({ to: '/bin' })}>
          Bin
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        {SCHEMES.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={15} />}
            onClick={() => setColorScheme(value)}
            aria-current={colorScheme === value ? 'true' : undefined}
            fw={colorScheme === value ? 600 : undefined}
            data-testid={`${TESTIDS.frame.themeToggle}-${value}`}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={15} />}
          onClick={() => signOut.mutate()}
          data-testid={TESTIDS.frame.signOut}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function useSignOut() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => http.delete('/api/session'),
    onSuccess: async () => {
      await navigate({ to: '/signin' });
      // Nothing of this person may stay in memory for the next one.
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
      await client.invalidateQueries({ queryKey: SESSION_KEY });
    },
  });
}
