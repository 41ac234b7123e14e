import { Button, UnstyledButton } from '@mantine/core';
import { IconArrowUp, IconFolder, IconPhoto } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { http, type ImportFolders } from '@/api';
import { plural } from '@/lib';
import { ProblemNotice } from '@/ui';
import classes from './ImportDialog.module.css';

interface FolderBrowserProps {
  chosen: string | null;
  onChoose: (path: string | null) => void;
}

/** Folders of the server below those the operator allows. The files stay where they are. */
export function FolderBrowser({ chosen, onChoose }: FolderBrowserProps) {
  const [path, setPath] = useState<string | null>(null);
  const { data, error } = useQuery({
    queryKey: ['import-roots', path],
    queryFn: ({ signal }) => http.get<ImportFolders>('/api/import-roots', { path }, signal),
    placeholderData: (previous) => previous,
  });
  if (error) return <ProblemNotice error={error} />;
  if (!data) return null;
  if (data.roots.length === 0) {
    return (
      <p className={classes.dropText}>
        No folder of the server is open for this. The operator allows folders with{' '}
        <span className="mono">NETLOOM_IMPORT_ROOTS</span>.
      </p>
    );
  }
  const go = (next: string | null) => {
    setPath(next);
    onChoose(null);
  };
  const rows = path === null ? data.roots.map((root) => ({ name: root, path: root, is_folder: true, num_files: -1 })) : data.entries;
  return (
    <div className={classes.browser}>
      <div className={classes.browserHead}>
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          disabled={path === null}
          leftSection={<IconArrowUp size={15} />}
          onClick={() => go(data.parent)}
        >
          Up
        </Button>
        <span className={`mono ${classes.path ?? ''}`}>{path ?? 'Allowed folders'}</span>
        {path !== null && (
          <Button size="xs" variant={chosen === path ? 'filled' : 'default'} onClick={() => onChoose(path)}>
            {chosen === path ? 'Chosen' : 'Choose this folder'}
          </Button>
        )}
      </div>
      <ul className={classes.entries}>
        {rows.map((entry) => (
          <li key={entry.path}>
            {entry.is_folder ? (
              <UnstyledButton className={classes.entry} onClick={() => go(entry.path)}>
                <IconFolder size={16} aria-hidden />
                <span>{entry.name}</span>
                {entry.num_files >= 0 && <small>{plural(entry.num_files, 'file')}</small>}
              </UnstyledButton>
            ) : (
              <div className={classes.entry}>
                <IconPhoto size={16} aria-hidden />
                <span>{entry.name}</span>
              </div>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
