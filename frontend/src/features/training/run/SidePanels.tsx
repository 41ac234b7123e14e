import { ActionIcon, Button, CopyButton, TagsInput, Textarea, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { addressOf, http, type Run } from '@/api';
import { TESTIDS, formatCount, formatDateTime, formatPercent, plural } from '@/lib';
import { Panel } from '@/ui';
import { runQuery } from '../api';
import { attemptText, configLine } from '../words';
import classes from './RunPage.module.css';

export function RecallPanel({ run }: { run: Run }) {
  return (
    <Panel title="Recall per class">
      {run.per_class.length === 0 && <p className={classes.muted}>Measured after each epoch on validation data.</p>}
      <div className={classes.recalls}>
        {run.per_class.map(({ name, recall, support }) => (
          <div key={name} className={classes.recall} title={`${String(support)} validation images`}>
            <span>{name}</span>
            <span className={classes.bar} style={{ '--share': recall ?? 0 }} aria-hidden />
            <span className={classes.number}>{recall === null ? 'none' : formatPercent(recall)}</span>
          </div>
        ))}
      </div>
    </Panel>
  );
}

export function AboutPanel({ run }: { run: Run }) {
  const { started } = run;
  return (
    <Panel title="About this run">
      <dl className={classes.facts}>
        <dt>Network</dt>
        <dd>
          <Link to="/networks/$networkId" params={{ networkId: run.network_id }}>
            {run.network_name}
          </Link>
        </dd>
        <dt>Data</dt>
        <dd>
          <Link to="/data/$datasetId" params={{ datasetId: run.dataset_id }}>
            {run.dataset_name}
          </Link>{' '}
          v{run.dataset_version.number}
        </dd>
        <dt>Settings</dt>
        <dd>{configLine(run.config)}</dd>
        <dt>Seed</dt>
        <dd className="mono">{run.config.seed}</dd>
        {started && (
          <>
            <dt>Images</dt>
            <dd>
              {formatCount(started.num_train)} train, {formatCount(started.num_validation)} validation
            </dd>
            <dt>Parameters</dt>
            <dd className="mono">{formatCount(started.num_parameters)}</dd>
            <dt>On</dt>
            <dd>
              {started.num_devices > 1 && `${String(started.num_devices)} × `}
              {started.device_name}, {plural(started.num_threads, 'thread')}
              {started.num_devices > 1 && ' each'}, torch {started.torch_version}
            </dd>
          </>
        )}
        <dt>Started by</dt>
        <dd>
          {run.author}, {formatDateTime(run.created_at)}
        </dd>
        {run.attempts.length > 1 && (
          <>
            <dt>Attempts</dt>
            <dd>
              {run.attempts.map((each) => (
                <div key={each.number}>{attemptText(each)}</div>
              ))}
            </dd>
          </>
        )}
      </dl>
    </Panel>
  );
}

export function ReproducePanel({ run }: { run: Run }) {
  return (
    <Panel
      title="Make it again"
      actions={
        <Button size="xs" variant="subtle" color="gray" component="a" href={addressOf(`/api/runs/${run.id}/spec`)} download="spec.json">
          SPEC file
        </Button>
      }
    >
      <p className={classes.muted}>On the studio’s machine, in its folder. The first line writes the data beside the SPEC.</p>
      <div className={classes.command}>
        <code>{run.spec_command}</code>
        <CopyButton value={run.spec_command}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy'}>
              <ActionIcon variant="subtle" color="gray" aria-label="Copy the command" onClick={copy}>
                {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </div>
    </Panel>
  );
}

export function LogPanel({ run }: { run: Run }) {
  const stickToEnd = (element: HTMLPreElement | null) => {
    if (element) element.scrollTop = element.scrollHeight;
  };
  return (
    <Panel title="Log" isFlush>
      <pre
        className={classes.log}
        ref={stickToEnd}
        key={run.log_tail.length}
        // A scrollable text must be reachable with the keyboard.
        tabIndex={0}
        aria-label="Log"
        data-testid={TESTIDS.training.log}
      >
        {run.log_tail.length === 0 ? 'Nothing yet.' : run.log_tail.join('\n')}
      </pre>
    </Panel>
  );
}

export function NotesPanel({ run }: { run: Run }) {
  const client = useQueryClient();
  const [notes, setNotes] = useState(run.notes);
  const save = useMutation({
    mutationFn: (fields: { notes?: string; tags?: string[] }) => http.patch<Run>(`/api/runs/${run.id}`, fields),
    onSuccess: (saved) => {
      client.setQueryData(runQuery(run.id).queryKey, saved);
      void client.invalidateQueries({ queryKey: ['runs', 'list'] });
    },
  });
  return (
    <Panel title="Notes">
      <div className={classes.notes}>
        <Textarea
          aria-label="Notes"
          placeholder={run.can_edit ? 'What this run is for, what it showed' : 'None. Editors and owners may write some.'}
          autosize
          minRows={2}
          maxRows={8}
          disabled={!run.can_edit}
          value={notes}
          onChange={(event) => setNotes(event.currentTarget.value)}
          onBlur={() => notes !== run.notes && save.mutate({ notes })}
        />
        <TagsInput
          aria-label="Tags"
          placeholder={run.tags.length === 0 ? 'Tags' : ''}
          disabled={!run.can_edit}
          value={run.tags}
          onChange={(tags) => save.mutate({ tags })}
        />
      </div>
    </Panel>
  );
}
