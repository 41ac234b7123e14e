import { Button, Select } from '@mantine/core';
import { IconFileUpload, IconTopologyStar3, IconTransform } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import type { ZooEntry, ZooRow, ZooWeights } from '@/api';
import { Panel, ProblemNotice } from '@/ui';
import { Refused, Working } from '../imports/OpeningState';
import { DESIGNER_IDS } from '../testids';
import { isForData, zooEntryQuery } from './queries';
import type { ZooOpening } from './useZooOpening';
import classes from './Zoo.module.css';
import { ZooFacts } from './ZooFacts';

interface ZooDetailsProps {
  entryKey: string;
  folder: string;
  opening: ZooOpening;
  canEdit: boolean;
}

/** One network: what it is, what its weights need, and the buttons that open it. */
export function ZooDetails({ entryKey, ...rest }: ZooDetailsProps) {
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
        <Entry key={entryKey} entryKey={entryKey} entry={data} {...rest} />
      )}
    </aside>
  );
}

function Entry({ entry, ...rest }: ZooDetailsProps & { entry: ZooEntry }) {
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
        {row.can_open && <OpenEntry row={row} weights={chosen} {...rest} />}
        <ZooFacts row={row} weights={chosen} />
      </div>
    </Panel>
  );
}

interface OpenEntryProps extends ZooDetailsProps {
  row: ZooRow;
  weights: ZooWeights | undefined;
}

function OpenEntry({ entryKey, row, weights, folder, opening, canEdit }: OpenEntryProps) {
  const [asksFor, setAsksFor] = useState<'canvas' | 'data'>('canvas');
  const navigate = useNavigate();
  const file = useRef<HTMLInputElement>(null);
  const isOwn = opening.key === entryKey;
  if (isOwn && opening.isWorking) {
    return <Working text={opening.text} progress={opening.progress} onCancel={opening.cancel} />;
  }
  const ofSeveral = weights === undefined ? {} : { weights: weights.name };
  const goOn = (): void =>
    void navigate({ to: '/networks', search: { start: 'transfer', zoo: entryKey, ...ofSeveral } });
  const open = (isForThem: boolean, chosen?: File): void =>
    opening.open({
      key: entryKey,
      isForData: isForThem,
      ...ofSeveral,
      ...(chosen === undefined ? {} : { file: chosen }),
    });
  const ask = (purpose: 'canvas' | 'data'): void => {
    setAsksFor(purpose);
    file.current?.click();
  };
  const isHere = weights?.is_here === true;
  const takesFile = !entryKey.startsWith('bundles/');
  return (
    <div className={classes.opening}>
      {isOwn && opening.error !== null && <ProblemNotice error={opening.error} />}
      {isOwn && opening.problem !== null && <Refused problem={opening.problem} />}
      {!isHere && weights !== undefined && <HowToAdd weights={weights} folder={folder} />}
      {canEdit && (
        <div className={classes.buttons}>
          <Button
            leftSection={<IconTopologyStar3 size={16} />}
            disabled={opening.isWorking}
            data-testid={DESIGNER_IDS.zooUse}
            onClick={() => open(false)}
          >
            {isHere ? 'Open as a network' : 'Open with random weights'}
          </Button>
          {weights !== undefined && isForData(row) && (
            <Button
              variant="default"
              leftSection={<IconTransform size={16} />}
              disabled={opening.isWorking}
              title="Transfer learning"
              data-testid={DESIGNER_IDS.zooForData}
              onClick={() => (isHere ? goOn() : ask('data'))}
            >
              {isHere ? 'Use for my data' : 'Use for my data with that file…'}
            </Button>
          )}
          {takesFile && (
            <Button
              variant="default"
              leftSection={<IconFileUpload size={16} />}
              disabled={opening.isWorking}
              onClick={() => ask('canvas')}
            >
              {isHere ? 'Open with another file…' : 'Open with that file…'}
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
              if (first !== undefined) open(asksFor === 'data', first);
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
        and choose that file below, or have it put into <span className="mono">{folder}</span> for
        everybody.
      </p>
    </div>
  );
}
