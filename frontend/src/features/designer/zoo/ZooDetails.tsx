import { Button, Select } from '@mantine/core';
import { IconFileUpload, IconTopologyStar3 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { ZooEntry, ZooWeights } from '@/api';
import { roleAllows, useProject } from '@/lib';
import { Panel, ProblemNotice } from '@/ui';
import { Refused, Working } from '../imports/OpeningState';
import { useOpening } from '../imports/useOpening';
import { DESIGNER_IDS } from '../testids';
import { openZooEntry, zooEntryQuery } from './queries';
import classes from './Zoo.module.css';
import { ZooFacts } from './ZooFacts';

/** One network: what it is, what its weights need, and the button that opens it. */
export function ZooDetails({ entryKey, folder }: { entryKey: string; folder: string }) {
  const { data, error } = useQuery({ ...zooEntryQuery(entryKey), enabled: entryKey !== '' });
  return (
    <aside className={classes.details} data-testid={DESIGNER_IDS.zooDetails}>
      {entryKey === '' && (
        <p className={classes.hint}>
          Choose a network in the chart or the table. It opens as a graph that can be changed, with
          its weights where they are on the studio’s machine.
        </p>
      )}
      {error !== null && <ProblemNotice error={error} />}
      {data !== undefined && entryKey !== '' && (
        <Entry key={entryKey} entryKey={entryKey} entry={data} folder={folder} />
      )}
    </aside>
  );
}

function Entry({ entryKey, entry, folder }: { entryKey: string; entry: ZooEntry; folder: string }) {
  const { row, weights } = entry;
  const [name, setName] = useState((weights.find((each) => each.is_here) ?? weights[0])?.name);
  const chosen = weights.find((each) => each.name === name);
  return (
    <Panel title={row.name}>
      <div className={classes.entry}>
        {!row.can_open && <p className={classes.warning}>{row.reason}</p>}
        {weights.length > 1 && (
          <Select
            label="Weights"
            value={name ?? null}
            data={weights.map((each) => ({
              value: each.name,
              label: each.is_here ? `${each.name} (here)` : each.name,
            }))}
            onChange={(value) => value !== null && setName(value)}
          />
        )}
        {row.can_open && <Opening entryKey={entryKey} weights={chosen} folder={folder} />}
        <ZooFacts row={row} weights={chosen} />
      </div>
    </Panel>
  );
}

interface OpeningProps {
  entryKey: string;
  weights: ZooWeights | undefined;
  folder: string;
}

function Opening({ entryKey, weights, folder }: OpeningProps) {
  const project = useProject();
  const projectId = project?.id ?? '';
  const opening = useOpening(projectId, () => undefined);
  const file = useRef<HTMLInputElement>(null);
  const canEdit = project !== null && roleAllows(project.role, 'editor');
  const open = (chosen: File | null): void =>
    void opening.start(chosen === null ? [] : [chosen], ([uploadId]) =>
      openZooEntry(entryKey, {
        project_id: projectId,
        ...(weights === undefined ? {} : { weights: weights.name }),
        ...(uploadId === undefined ? {} : { upload_id: uploadId }),
      }),
    );
  if (opening.isWorking) {
    return <Working text={opening.text} progress={opening.progress} onCancel={opening.cancel} />;
  }
  const isHere = weights?.is_here === true;
  const takesFile = !entryKey.startsWith('bundles/');
  return (
    <div className={classes.opening}>
      {opening.error !== null && <ProblemNotice error={opening.error} />}
      {opening.problem !== null && <Refused problem={opening.problem} />}
      {!isHere && weights !== undefined && <HowToAdd weights={weights} folder={folder} />}
      {canEdit && (
        <div className={classes.buttons}>
          <Button
            leftSection={<IconTopologyStar3 size={16} />}
            data-testid={DESIGNER_IDS.zooUse}
            onClick={() => open(null)}
          >
            {isHere ? 'Open as a network' : 'Open with random weights'}
          </Button>
          {takesFile && (
            <Button
              variant="default"
              leftSection={<IconFileUpload size={16} />}
              onClick={() => file.current?.click()}
            >
              With a weights file
            </Button>
          )}
          <input
            ref={file}
            type="file"
            hidden
            aria-label="Weights file"
            accept=".pth,.pt,.th,.safetensors"
            data-testid={DESIGNER_IDS.zooFile}
            onChange={(event) => {
              const [first] = event.currentTarget.files ?? [];
              event.currentTarget.value = '';
              if (first !== undefined) open(first);
            }}
          />
        </div>
      )}
    </div>
  );
}

/** The studio fetches nothing by itself: a person brings the file. */
function HowToAdd({ weights, folder }: { weights: ZooWeights; folder: string }) {
  return (
    <div className={classes.howTo}>
      <p>
        These weights are not on the studio’s machine. Download{' '}
        <a href={weights.url} target="_blank" rel="noreferrer" className="mono">
          {weights.file}
        </a>{' '}
        and open the network with that file, or have it put into{' '}
        <span className="mono">{folder}</span> for everybody.
      </p>
    </div>
  );
}
